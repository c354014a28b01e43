/*
 * The environment of the command: config vars as they are, the platform's defaults where there is none, and nothing of
 * the init's own settings. Config vars that were brought along from elsewhere must leave the app running.
 */
#include "init.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT PREFIX "DEFAULT_"
#define DEBIAN_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

extern char **environ;

static void set_defaults(void) {
  size_t count = 0;
  while (environ[count] != NULL) count++;
  /* Setting a variable may move the environment. */
  char **all = calloc(count + 1, sizeof *all);
  memcpy(all, environ, count * sizeof *all);
  for (char **each = all; *each != NULL; each++) {
    char *value = strchr(*each, '=');
    if (strncmp(*each, DEFAULT, sizeof DEFAULT - 1) != 0 || value == NULL) continue;
    char *name = strndup(*each + sizeof DEFAULT - 1, value - *each - (sizeof DEFAULT - 1));
    setenv(name, value + 1, 0);
    free(name);
  }
  free(all);
}

/* What the container's runtime sets where nobody does is root's. */
static void set_home(void) {
  const char *home = getenv("HOME");
  if (home == NULL || strcmp(home, "/root") == 0) setenv("HOME", "/app", 1);
}

static bool has_folder(const char *path, const char *folder, size_t length) {
  for (const char *at = path; (at = strstr(at, folder)) != NULL; at++) {
    bool begins = at == path || at[-1] == ':', ends = at[length] == '\0' || at[length] == ':';
    if (begins && ends) return true;
  }
  return false;
}

/*
 * The language's folders come first and Debian's are there, whatever a config var says: the PATH of an app that comes
 * from Heroku names folders that are not here.
 */
static void set_path(void) {
  const char *parts[] = {getenv(PREFIX "PATH"), getenv("PATH"), DEBIAN_PATH};
  size_t room = 1;
  for (int each = 0; each < 3; each++) room += parts[each] == NULL ? 0 : strlen(parts[each]) + 1;
  char *path = calloc(room, 1);
  for (int each = 0; each < 3; each++) {
    char *copy = strdup(parts[each] == NULL ? "" : parts[each]);
    for (char *folder = strtok(copy, ":"); folder != NULL; folder = strtok(NULL, ":")) {
      if (has_folder(path, folder, strlen(folder))) continue;
      if (*path != '\0') strcat(path, ":");
      strcat(path, folder);
    }
    free(copy);
  }
  setenv("PATH", path, 1);
  free(path);
}

/* Heroku gives it a value of its own too, whatever a config var says. */
static void drop_python_home(void) {
  if (getenv("PYTHONHOME") == NULL) return;
  fputs("init: the config var PYTHONHOME is not used, as Python would not find its library in another place\n", stderr);
  unsetenv("PYTHONHOME");
}

static void hide_settings(void) {
  char **kept = environ;
  for (char **each = environ; *each != NULL; each++)
    if (strncmp(*each, PREFIX, sizeof PREFIX - 1) != 0) *kept++ = *each;
  *kept = NULL;
}

void settle_environment(void) {
  set_defaults();
  set_home();
  set_path();
  drop_python_home();
  hide_settings();
}
