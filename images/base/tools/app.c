/*
 * Gives /app to the dyno's user, as an app may do anything with its own files: chmod, dates, copies over them. The image
 * has them for all dynos of the app, whose users differ.
 *
 * Files are written anew and not merely given: for a change of owner overlayfs copies a file too, and has the disk
 * confirm each. This runs beside the loading of the firewall, so a small app pays nothing. Nothing of the app runs by then,
 * and no name is followed to another place: each is looked up in its own folder, and links are not followed. What
 * belongs to root stays root's, whatever name in /app it has.
 */
#include "init.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COPY ".dynoform-copy"

static void cannot_give(const char *name) { fail("/app cannot be given to the dyno's user: %s: %s", name, strerror(errno)); }

static bool fill(int from, int to, const struct stat *status) {
  for (off_t left = status->st_size; left > 0;) {
    ssize_t sent = sendfile(to, from, NULL, left);
    if (sent <= 0) return false;
    left -= sent;
  }
  const struct timespec dates[2] = {status->st_atim, status->st_mtim};
  return fchmod(to, status->st_mode & 0777) == 0 && futimens(to, dates) == 0;
}

/* Puts a copy, which is ours, in a file's place. False: the file may not be read, or there is no room. */
static bool replace(int folder, const char *name, const struct stat *status) {
  int from = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (from < 0) return false;
  int to = openat(folder, COPY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  bool done = to >= 0 && fill(from, to, status) && renameat(folder, COPY, folder, name) == 0;
  if (to >= 0 && !done) unlinkat(folder, COPY, 0);
  if (to >= 0) close(to);
  close(from);
  return done;
}

static void give_all(int folder, uid_t uid) {
  DIR *entries = fdopendir(folder);
  if (entries == NULL) fail("/app cannot be read: %s", strerror(errno));
  for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
    const char *name = entry->d_name;
    struct stat status;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || status.st_uid == 0 || status.st_uid == uid) continue;
    if (S_ISREG(status.st_mode) && replace(folder, name, &status)) continue;
    if (fchownat(folder, name, uid, GROUP, AT_SYMLINK_NOFOLLOW) != 0) cannot_give(name);
    if (!S_ISDIR(status.st_mode)) continue;
    int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner >= 0) give_all(inner, uid);
    /* What its owner may not read, the app can open to itself. */
    else if (errno != EACCES) cannot_give(name);
  }
  closedir(entries);
}

static void give_app(uid_t uid) {
  /* As the dyno's user, so that copies are its own, and yet with the right to give away. */
  if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) != 0 || setgroups(0, NULL) != 0 ||
      setresgid(GROUP, GROUP, GROUP) != 0 || setresuid(uid, uid, uid) != 0)
    cannot_give(".");
  int app = open("/app", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (app < 0 || fchown(app, uid, GROUP) != 0) cannot_give(".");
  give_all(app, uid);
}

pid_t begin_giving_app(uid_t uid) {
  pid_t giver = fork();
  if (giver < 0) cannot_give(".");
  if (giver != 0) return giver;
  give_app(uid);
  _exit(0);
}

void end_giving_app(pid_t giver) {
  int status;
  if (waitpid(giver, &status, 0) != giver) cannot_give(".");
  if (!WIFEXITED(status)) fail("/app could not be given to the dyno's user (signal %d)", WTERMSIG(status));
  /* It has said why. */
  if (WEXITSTATUS(status) != 0) exit(1);
}
