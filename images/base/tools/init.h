/* What the parts of the dyno's init share; see init.c. */
#define _GNU_SOURCE
#include <stdbool.h>
#include <sys/types.h>

/* The group of every dyno. */
#define GROUP 1048575
/* What begins the names of the init's own settings. */
#define PREFIX "DYNOFORM_"

/* Ends the container with one line. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* Settings: one that is not there or not right ends the container. */
const char *setting(const char *name);
long number(const char *name, long lowest, long highest);
const char *address(const char *name);

/* Loads the firewall into this network namespace. */
void close_network(bool build);

/* Begins to give what lies in /app to a user; the second waits until that is done. */
pid_t begin_giving_app(uid_t uid);
void end_giving_app(pid_t giver);

/* Waits until Postgres takes connections, if a variable is the address of a database. */
void await_database(void);

/* Makes the init's environment the command's. */
void settle_environment(void);
