/*
 * fanout: one publisher and many subscribers of a broker, in one thread, by whatever protocol its bytes say.
 *
 * What is said to the broker comes from outside, so that each broker costs the load the same. The publisher keeps at most --window
 * messages on the way to the slowest subscriber: no broker gains by dropping, and all hold the same amount.
 *
 *   fanout --port PORT --subscribers N --window W --seconds S --warmup S --delivery BYTES --mark HEX --message HEX
 *          --subscribe HEX --subscribed HEX --publish HEX --published HEX
 *
 * --subscribe, --publish    what each says first; --subscribed, --published: how the broker's reply to it ends
 * --message                 one message as the publisher writes it
 * --delivery                bytes that a subscriber gets for one message; --mark: what stands in each of them
 *
 * Prints START and END around the measured window, and one JSON line when every subscriber has every message. Exit code 1 means that the
 * load failed, or that a subscriber got more, less or something else.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RECEIVE_BYTES (256 * 1024)
#define LARGEST_BATCH 64            /* messages in one write; a window beyond it is filled by several */
#define GRACE_S 30                  /* after this much more than the expected time the kernel ends the program */

struct bytes {
  char *data;
  size_t length;
};

struct peer {
  int fd;
  unsigned long long received;
  bool is_checked;
};

static struct bytes message, mark, subscribe, subscribed, publish, published;
static int port, subscriber_count = 1;
static unsigned long window = 64, delivery;
static double seconds = 1, warmup = 0.3;

static int poller;
static struct peer *subscribers, publisher;
static char incoming[RECEIVE_BYTES];
static char *batch;
static size_t unsent;
static unsigned long long written, slowest;
static unsigned long at_slowest;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double own_cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static void fail(const char *what) {
  fprintf(stderr, "fanout: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
  exit(1);
}

static struct bytes from_hex(const char *text) {
  struct bytes bytes = {malloc(strlen(text) / 2 + 1), strlen(text) / 2};
  for (size_t index = 0; index < bytes.length; index++) {
    unsigned value;
    if (sscanf(text + 2 * index, "%2x", &value) != 1) fail("not hexadecimal");
    bytes.data[index] = (char)value;
  }
  return bytes;
}

static void write_all(int fd, const char *data, size_t length) {
  while (length > 0) {
    ssize_t count = write(fd, data, length);
    if (count <= 0) fail("write");
    data += count;
    length -= (size_t)count;
  }
}

/* Reads byte by byte, so that no delivery behind the reply is taken for a part of it. */
static void greet(struct peer *peer, struct bytes hello, struct bytes ending) {
  write_all(peer->fd, hello.data, hello.length);
  char reply[8192];
  size_t length = 0;
  while (length < ending.length || memcmp(reply + length - ending.length, ending.data, ending.length) != 0) {
    if (length == sizeof reply || read(peer->fd, reply + length, 1) != 1) {
      fprintf(stderr, "fanout: the broker said: %.*s\n", (int)length, reply);
      fail("the broker does not answer as expected");
    }
    length++;
  }
}

static void open_peer(struct peer *peer, struct bytes hello, struct bytes ending) {
  peer->fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  if (peer->fd < 0 || connect(peer->fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  struct timeval patience = {.tv_sec = 10};
  setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  int on = 1;
  setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  greet(peer, hello, ending);
}

static void watch(struct peer *peer, int operation, unsigned events) {
  struct epoll_event event = {.events = events, .data.ptr = peer};
  if (epoll_ctl(poller, operation, peer->fd, &event) < 0) fail("epoll_ctl");
}

static void find_slowest(void) {
  slowest = ~0ULL;
  for (int index = 0; index < subscriber_count; index++) {
    unsigned long long count = subscribers[index].received / delivery;
    if (count < slowest) slowest = count, at_slowest = 0;
    if (count == slowest) at_slowest++;
  }
}

static void on_readable(struct peer *peer) {
  ssize_t count = recv(peer->fd, incoming, sizeof incoming, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) fail(peer == &publisher ? "the broker left the publisher" : "the broker left a subscriber");
  if (peer == &publisher) return;
  if (!peer->is_checked) {
    if (!memmem(incoming, (size_t)count, mark.data, mark.length)) fail("a delivery does not hold the message");
    peer->is_checked = true;
  }
  bool was_slowest = peer->received / delivery == slowest;
  peer->received += (unsigned long long)count;
  if (was_slowest && peer->received / delivery != slowest && --at_slowest == 0) find_slowest();
}

static void on_writable(void) {
  for (;;) {
    if (unsent == 0) {
      unsigned long long room = slowest + window - written;
      if (room == 0) break;
      unsigned long long count = room < LARGEST_BATCH ? room : LARGEST_BATCH;
      written += count;
      unsent = (size_t)count * message.length;
    }
    /* A batch is the same message again and again: its end is as good as its beginning. */
    ssize_t count = send(publisher.fd, batch + LARGEST_BATCH * message.length - unsent, unsent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) fail("the publisher cannot write");
    unsent -= (size_t)count;
  }
}

static unsigned long long delivered(void) {
  unsigned long long sum = 0;
  for (int index = 0; index < subscriber_count; index++) sum += subscribers[index].received;
  return sum / delivery;
}

static void turn(int timeout_ms) {
  static struct epoll_event events[256];
  int count = epoll_wait(poller, events, 256, timeout_ms);
  for (int index = 0; index < count; index++) {
    struct peer *peer = events[index].data.ptr;
    if (events[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_readable(peer);
  }
}

static void run_until(double end) {
  while (now() < end) {
    on_writable();
    turn(1);
  }
}

static void say(const char *line) {
  printf("%s\n", line);
  fflush(stdout);
}

static void read_arguments(int count, char **values) {
  for (int index = 1; index + 1 < count; index += 2) {
    const char *name = values[index], *value = values[index + 1];
    if (!strcmp(name, "--port")) port = atoi(value);
    else if (!strcmp(name, "--subscribers")) subscriber_count = atoi(value);
    else if (!strcmp(name, "--window")) window = strtoul(value, NULL, 10);
    else if (!strcmp(name, "--seconds")) seconds = atof(value);
    else if (!strcmp(name, "--warmup")) warmup = atof(value);
    else if (!strcmp(name, "--delivery")) delivery = strtoul(value, NULL, 10);
    else if (!strcmp(name, "--mark")) mark = from_hex(value);
    else if (!strcmp(name, "--message")) message = from_hex(value);
    else if (!strcmp(name, "--subscribe")) subscribe = from_hex(value);
    else if (!strcmp(name, "--subscribed")) subscribed = from_hex(value);
    else if (!strcmp(name, "--publish")) publish = from_hex(value);
    else if (!strcmp(name, "--published")) published = from_hex(value);
    else fail(name);
  }
  if (!port || subscriber_count < 1 || !delivery || !message.length || !mark.length) fail("arguments are missing");
}

int main(int argument_count, char **arguments) {
  read_arguments(argument_count, arguments);
  alarm((unsigned)(warmup + seconds) + GRACE_S);
  poller = epoll_create1(0);
  batch = malloc(LARGEST_BATCH * message.length);
  for (int index = 0; index < LARGEST_BATCH; index++) memcpy(batch + (size_t)index * message.length, message.data, message.length);
  subscribers = calloc((size_t)subscriber_count, sizeof *subscribers);
  for (int index = 0; index < subscriber_count; index++) {
    open_peer(&subscribers[index], subscribe, subscribed);
    watch(&subscribers[index], EPOLL_CTL_ADD, EPOLLIN);
  }
  open_peer(&publisher, publish, published);
  watch(&publisher, EPOLL_CTL_ADD, EPOLLIN);
  find_slowest();

  run_until(now() + warmup);
  say("START");
  double began = now(), cpu = own_cpu_seconds();
  unsigned long long before = delivered(), written_before = written;
  run_until(began + seconds);
  double took = now() - began;
  cpu = own_cpu_seconds() - cpu;
  unsigned long long measured = delivered() - before, sent = written - written_before;
  say("END");

  double patience = now() + 10;
  while ((slowest < written || unsent > 0) && now() < patience) {
    if (unsent > 0) on_writable();
    turn(10);
  }
  for (int index = 0; index < subscriber_count; index++) {
    /* A broker may also have pinged: less than a message is no delivery. */
    if (subscribers[index].received / delivery != written) {
      fprintf(stderr, "fanout: subscriber %d got %llu bytes of %llu\n", index, subscribers[index].received, written * delivery);
      return 1;
    }
  }
  printf("{\"seconds\":%.6f,\"published\":%llu,\"delivered\":%llu,\"loadCpuSeconds\":%.6f}\n", took, sent, measured, cpu);
  return 0;
}
