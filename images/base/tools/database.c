/* Waiting for Postgres, in the words that every server of its understands. */
#include "init.h"
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Seconds for which Postgres is waited for, which may have much to recover. */
#define DATABASE_WAIT 300

extern char **environ;

static bool has_database(void) {
  for (char **each = environ; *each != NULL; each++) {
    const char *value = strchr(*each, '=');
    if (value != NULL && strncmp(value, "=postgres", 9) == 0 && strstr(value, "://") != NULL) return true;
  }
  return false;
}

/* Whether Postgres takes connections: it lets nobody in by this message, but while it starts it answers 57P03. */
static bool is_ready(struct in_addr postgres) {
  static const char startup[] = "\0\0\0\x13" "\0\3\0\0" "user\0dyno\0";
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(5432), .sin_addr = postgres};
  struct timeval patience = {2, 0};
  char answer[512];
  int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (server < 0) return false;
  setsockopt(server, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ssize_t got = -1;
  if (connect(server, (struct sockaddr *)&to, sizeof to) == 0 &&
      send(server, startup, sizeof startup, MSG_NOSIGNAL) == (ssize_t)sizeof startup)
    got = recv(server, answer, sizeof answer, 0);
  close(server);
  return got > 0 && !(answer[0] == 'E' && memmem(answer, got, "57P03", 5) != NULL);
}

/* The first process of a container gets no signal that it does not ask for. */
static void stop(int signal) { _exit(128 + signal); }

void await_database(void) {
  if (!has_database()) return;
  struct in_addr postgres;
  inet_pton(AF_INET, address("DYNOFORM_POSTGRES"), &postgres);
  signal(SIGTERM, stop), signal(SIGINT, stop);
  time_t end = time(NULL) + DATABASE_WAIT;
  for (bool told = false; !is_ready(postgres) && time(NULL) < end; told = true) {
    if (!told) fputs("init: waiting for the database\n", stderr);
    nanosleep(&(struct timespec){0, 50 * 1000 * 1000}, NULL);
  }
  signal(SIGTERM, SIG_DFL), signal(SIGINT, SIG_DFL);
}
