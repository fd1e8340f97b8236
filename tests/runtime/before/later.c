/* PostgreSQL's clock, LATER seconds ahead: it asks gettimeofday. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
int gettimeofday(struct timeval *restrict tv, void *restrict tz) {
  struct timespec ts;
  const char *later = getenv("LATER");
  clock_gettime(CLOCK_REALTIME, &ts);
  tv->tv_sec = ts.tv_sec + (later ? atol(later) : 0);
  tv->tv_usec = ts.tv_nsec / 1000;
  return 0;
}
