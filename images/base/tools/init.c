/*
 * The first process of a dyno and of an app's build. It starts as root with only NET_ADMIN, SETUID, SETGID and
 * SETPCAP, closes the network of its own namespace, becomes the dyno's user for good and runs the command:
 *
 *   init COMMAND [ARGUMENT…]     runs `bash -c COMMAND bash ARGUMENT…` under tini, in /app
 *
 * Its settings are environment variables, which the command does not see:
 *   DYNOFORM_UID        user to become
 *   DYNOFORM_PROCESSES  limit of processes and threads of that user
 *   DYNOFORM_ROUTER     IPv4 address that may connect to $PORT
 *   DYNOFORM_POSTGRES   IPv4 address whose port 5432 may be reached
 *   DYNOFORM_EGRESS     optional: private addresses that may be reached, IPv4 CIDRs with commas between
 *   DYNOFORM_MODE       "build": nothing may connect, and router, Postgres and $PORT are not needed
 *
 * An app with a database waits for Postgres: after a crash of Docker or of the machine both are started at once, and
 * many an app that finds no database at its start answers nothing but errors from then on.
 *
 * A program and not a script, linked statically: the environment holds the app's config vars, and a shell or any
 * dynamic program would obey an LD_PRELOAD among them while it is still root. Whatever fails ends the container with
 * one line; nothing of the app runs before everything is in place.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GROUP 1048575
#define LOWEST_UID (1 << 20)
#define HOST_FILE "/run/dynoform-host/addresses.nft"
#define NFT "/usr/sbin/nft"
#define TINI "/usr/bin/tini"
#define PREFIX "DYNOFORM_"
/* Seconds for which Postgres is waited for, which may have much to recover. */
#define DATABASE_WAIT 300

extern char **environ;

static void fail(const char *format, ...) {
  va_list values;
  va_start(values, format);
  fputs("init: ", stderr);
  vfprintf(stderr, format, values);
  fputc('\n', stderr);
  exit(1);
}

static const char *setting(const char *name) {
  const char *value = getenv(name);
  if (value == NULL || *value == '\0') fail("%s is not set, so nothing was started", name);
  return value;
}

static long number(const char *name, long lowest, long highest) {
  const char *text = setting(name);
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (errno != 0 || *end != '\0' || value < lowest || value > highest)
    fail("%s must be a number from %ld to %ld, not %s", name, lowest, highest, text);
  return value;
}

/* What reaches the ruleset is an address and nothing else. */
static const char *address(const char *name) {
  static struct in_addr parsed;
  const char *text = setting(name);
  if (inet_pton(AF_INET, text, &parsed) != 1) fail("%s must be an IPv4 address, not %s", name, text);
  return text;
}

static bool is_cidr(char *text) {
  struct in_addr parsed;
  char *slash = strchr(text, '/');
  if (slash != NULL) *slash = '\0';
  bool valid = inet_pton(AF_INET, text, &parsed) == 1;
  if (slash == NULL) return valid;
  *slash = '/';
  char *end;
  long bits = strtol(slash + 1, &end, 10);
  return valid && end != slash + 1 && *end == '\0' && bits >= 0 && bits <= 32;
}

static void write_egress(FILE *rules) {
  const char *value = getenv("DYNOFORM_EGRESS");
  if (value == NULL) return;
  char *list = strdup(value);
  for (char *item = strtok(list, ","); item != NULL; item = strtok(NULL, ",")) {
    if (!is_cidr(item)) fail("DYNOFORM_EGRESS must list IPv4 ranges such as 10.1.0.0/16, not %s", item);
    fprintf(rules, "    ip daddr %s accept\n", item);
  }
  free(list);
}

/*
 * Rejected, not dropped, so that an app is told at once. Docker's own DNS asks the host's resolvers from inside this
 * namespace, hence the rule for them. Dynos have no IPv6.
 */
static void write_rules(FILE *rules, bool build) {
  fprintf(rules,
          "include \"%s\"\n"
          "table inet dynoform {\n"
          "  chain input {\n"
          "    type filter hook input priority 0; policy drop;\n"
          "    iif lo accept\n"
          "    ct state established,related accept\n",
          HOST_FILE);
  if (!build)
    fprintf(rules, "    ip saddr %s tcp dport %ld accept\n", address("DYNOFORM_ROUTER"), number("PORT", 1, 65535));
  fputs("  }\n"
        "  chain forward { type filter hook forward priority 0; policy drop; }\n"
        "  chain output {\n"
        "    type filter hook output priority 0; policy drop;\n"
        "    oif lo accept\n"
        "    ct state established,related accept\n"
        "    ip daddr $resolvers udp dport 53 accept\n"
        "    ip daddr $resolvers tcp dport 53 accept\n",
        rules);
  if (!build) fprintf(rules, "    ip daddr %s tcp dport 5432 accept\n", address("DYNOFORM_POSTGRES"));
  write_egress(rules);
  fputs("    meta nfproto ipv6 reject\n"
        "    ip daddr { 0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12,\n"
        "               192.168.0.0/16, 224.0.0.0/3 } reject\n"
        "    ip daddr $host_addresses reject\n"
        "    accept\n"
        "  }\n"
        "}\n",
        rules);
}

/* Runs nft with an environment of its own; what it says goes into our one line. */
static void close_network(bool build) {
  if (access(HOST_FILE, R_OK) != 0) fail("%s cannot be read, so the network cannot be closed", HOST_FILE);
  char *text;
  size_t length;
  FILE *rules = open_memstream(&text, &length);
  write_rules(rules, build);
  fclose(rules);

  int input[2], output[2];
  if (pipe(input) != 0 || pipe(output) != 0) fail("no pipe to nft: %s", strerror(errno));
  pid_t child = fork();
  if (child < 0) fail("nft cannot be started: %s", strerror(errno));
  if (child == 0) {
    dup2(input[0], STDIN_FILENO);
    dup2(output[1], STDOUT_FILENO);
    dup2(output[1], STDERR_FILENO);
    for (int each = 0; each < 2; each++) close(input[each]), close(output[each]);
    char *const arguments[] = {NFT, "-f", "-", NULL};
    char *const environment[] = {"PATH=/usr/sbin:/usr/bin", "LC_ALL=C", NULL};
    execve(NFT, arguments, environment);
    dprintf(STDERR_FILENO, NFT ": %s", strerror(errno));
    _exit(127);
  }
  close(input[0]), close(output[1]);
  /* A pipe holds 64 KiB and the ruleset is far smaller, so this does not block. */
  if (write(input[1], text, length) != (ssize_t)length) fail("nft does not take its rules");
  close(input[1]);
  char said[512] = "";
  size_t used = 0;
  for (ssize_t got; (got = read(output[0], said + used, sizeof said - 1 - used)) > 0;) used += got;
  close(output[0]);
  int status;
  if (waitpid(child, &status, 0) != child || status != 0) {
    char *reason = strstr(said, "Error: ");
    if (reason == NULL) reason = said;
    reason[strcspn(reason, "\n")] = '\0';
    fail("the network could not be closed: %s", reason);
  }
  free(text);
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

static void await_database(void) {
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

static void hide_settings(void) {
  char **kept = environ;
  for (char **each = environ; *each != NULL; each++)
    if (strncmp(*each, PREFIX, sizeof PREFIX - 1) != 0) *kept++ = *each;
  *kept = NULL;
}

int main(int count, char **values) {
  if (count < 2) fail("no command was given");
  const char *mode = getenv("DYNOFORM_MODE");
  bool build = mode != NULL && strcmp(mode, "build") == 0;
  if (mode != NULL && !build) fail("DYNOFORM_MODE can only be \"build\", not %s", mode);
  long uid = number("DYNOFORM_UID", LOWEST_UID, 0x7ffffffe);
  rlim_t processes = number("DYNOFORM_PROCESSES", 1, 1 << 22);

  close_network(build);
  name_user(uid);
  struct rlimit limit = {processes, processes};
  if (setrlimit(RLIMIT_NPROC, &limit) != 0) fail("the limit of processes cannot be set: %s", strerror(errno));
  drop_privileges(uid);

  /* Files stay writable by the group, because whoever runs an image is not who built it. */
  umask(002);
  if (chdir("/app") != 0) fail("/app: %s", strerror(errno));
  if (!build) await_database();
  hide_settings();
  setenv("HOME", "/app", 1);
  char **arguments = calloc(count + 7, sizeof *arguments);
  char *const before[] = {TINI, "-g", "--", "/bin/bash", "-c", values[1], "bash"};
  memcpy(arguments, before, sizeof before);
  memcpy(arguments + 7, values + 2, (count - 2) * sizeof *arguments);
  execve(TINI, arguments, environ);
  fail(TINI ": %s", strerror(errno));
}
