/* The firewall of a dyno: rules for nft, loaded into the network namespace that the container has for itself. */
#include "init.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOST_FILE "/run/dynoform-host/addresses.nft"
#define NFT "/usr/sbin/nft"

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
void close_network(bool build) {
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
