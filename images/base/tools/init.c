/*
 * The first process of a dyno and of an app's build. It starts as root with only CHOWN, NET_ADMIN, SETUID, SETGID and
 * SETPCAP (a build without CHOWN), closes the network of its own namespace, gives /app to the dyno's user, becomes that
 * user for good and runs the command:
 *
 *   init COMMAND [ARGUMENT…]     runs `bash -c COMMAND bash ARGUMENT…` under tini, in /app, after what lies in the app's
 *                                .profile.d and its .profile
 *
 * Its settings are environment variables, which the command does not see:
 *   DYNOFORM_UID        user to become
 *   DYNOFORM_PROCESSES  limit of processes and threads of that user
 *   DYNOFORM_ROUTER     IPv4 address that may connect to $PORT
 *   DYNOFORM_POSTGRES   IPv4 address whose port 5432 may be reached
 *   DYNOFORM_EGRESS     optional: private addresses that may be reached, IPv4 CIDRs with commas between
 *   DYNOFORM_PATH       optional: folders that come before any other in PATH
 *   DYNOFORM_DEFAULT_X  optional: the value of X where nobody has set X, empty or not
 *   DYNOFORM_MODE       "build": nothing may connect, router, Postgres and $PORT are not needed, /app stays whose it is
 *                       and profiles are not run
 *
 * An app with a database waits for Postgres: after a crash of Docker or of the machine both are started at once, and
 * many an app that finds no database at its start answers nothing but errors from then on.
 *
 * A program and not a script, linked statically: the environment holds the app's config vars, and a shell or any
 * dynamic program would obey an LD_PRELOAD among them while it is still root. Whatever fails ends the container with
 * one line; nothing of the app runs before everything is in place.
 */
#include "init.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOWEST_UID (1 << 20)
#define TINI "/usr/bin/tini"
#define BASH "/bin/bash"
#define START "/usr/lib/dynoform/start"

extern char **environ;

void fail(const char *format, ...) {
  va_list values;
  va_start(values, format);
  fputs("init: ", stderr);
  vfprintf(stderr, format, values);
  fputc('\n', stderr);
  exit(1);
}

const char *setting(const char *name) {
  const char *value = getenv(name);
  if (value == NULL || *value == '\0') fail("%s is not set, so nothing was started", name);
  return value;
}

long number(const char *name, long lowest, long highest) {
  const char *text = setting(name);
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (errno != 0 || *end != '\0' || value < lowest || value > highest)
    fail("%s must be a number from %ld to %ld, not %s", name, lowest, highest, text);
  return value;
}

/* What reaches the ruleset is an address and nothing else. */
const char *address(const char *name) {
  static struct in_addr parsed;
  const char *text = setting(name);
  if (inet_pton(AF_INET, text, &parsed) != 1) fail("%s must be an IPv4 address, not %s", name, text);
  return text;
}

/* A name for the user, for programs that look it up; what cannot be written is done without. */
static void name_user(long uid) {
  int file = open("/etc/passwd", O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0) return;
  dprintf(file, "u%ld:x:%ld:%d::/app:/bin/bash\n", uid, uid, GROUP);
  close(file);
}

static void drop_privileges(long uid) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) fail("capability %d cannot be dropped", capability);
  if (setgroups(0, NULL) != 0 || setresgid(GROUP, GROUP, GROUP) != 0 || setresuid(uid, uid, uid) != 0)
    fail("cannot become user %ld: %s", uid, strerror(errno));
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, none) != 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    fail("capabilities cannot be dropped: %s", strerror(errno));
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("no-new-privileges cannot be set: %s", strerror(errno));
  if (setresuid(-1, 0, -1) == 0) fail("user %ld could become root again", uid);
}

/* Bash with the command, after the app's own profiles where it has some. */
static void run(int count, char **values, bool build) {
  bool profiled = !build && (access(".profile", F_OK) == 0 || access(".profile.d", F_OK) == 0);
  char *const plain[] = {TINI, "-g", "--", BASH, "-c", values[0], "bash"};
  char *const profile[] = {TINI, "-g", "--", BASH, START, values[0], "bash"};
  char **arguments = calloc(count + 7, sizeof *arguments);
  memcpy(arguments, profiled ? profile : plain, sizeof plain);
  memcpy(arguments + 7, values + 1, (count - 1) * sizeof *arguments);
  execve(TINI, arguments, environ);
  fail(TINI ": %s", strerror(errno));
}

int main(int count, char **values) {
  if (count < 2) fail("no command was given");
  const char *mode = getenv("DYNOFORM_MODE");
  bool build = mode != NULL && strcmp(mode, "build") == 0;
  if (mode != NULL && !build) fail("DYNOFORM_MODE can only be \"build\", not %s", mode);
  long uid = number("DYNOFORM_UID", LOWEST_UID, 0x7ffffffe);
  rlim_t processes = number("DYNOFORM_PROCESSES", 1, 1 << 22);

  pid_t giver = build ? 0 : begin_giving_app(uid);
  close_network(build);
  name_user(uid);
  if (!build) end_giving_app(giver);
  struct rlimit limit = {processes, processes};
  if (setrlimit(RLIMIT_NPROC, &limit) != 0) fail("the limit of processes cannot be set: %s", strerror(errno));
  drop_privileges(uid);

  /* What a build makes its group may read and write, because whoever runs an image is not who built it. */
  umask(build ? 002 : 077);
  if (chdir("/app") != 0) fail("/app: %s", strerror(errno));
  if (!build) await_database();
  settle_environment();
  run(count - 1, values + 1, build);
}
