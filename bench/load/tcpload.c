/*
 * tcpload: plays both ends of a TCP tunnel, the client and the target, in one thread.
 *
 * One thread for both ends keeps the load cheap and its cost equal for every candidate: no wake-up between client and
 * target is added to what the tunnel itself needs. Bulk receivers use MSG_TRUNC, so discarded bytes are never copied.
 *
 *   tcpload MODE --connect PORT --target PORT [--address A] [--connections N] [--bulk N] [--seconds S] [--warmup S] [--bytes N]
 *           [--every MS]
 *
 * Clients connect to 127.0.0.A, default 1, or to the address --host; the target listens on 127.0.0.1 or --listen. With --connections 0 it is a target only,
 * with --target 0 clients only: another tcpload is the target, and small messages must have the same --bytes there.
 *
 * MODE up       clients send as fast as they can, the target discards
 *      down     the target sends as fast as it can, clients discard
 *      both     both ends send as fast as they can, and discard; bytes of both directions are counted
 *      ping     clients send 128 bytes, wait for the same bytes, repeat; beside them --bulk more send as fast as they can. With --every
 *               each begins every so many ms; those that could not begin because the last one took longer count as if they had
 *      http     keep-alive GET with a 1 KiB body in the reply, one request at a time on each connection
 *      connect  connect, 100 bytes, 100 bytes back, close, repeat
 *      idle     open all connections, one byte each way, then hold them until standard input ends; the target is a process
 *               of its own, so that each end has all the files that one process may open
 *
 * Timed modes print START and END around the measured window and then one JSON line; SIGUSR1 ends the window early. idle prints
 * its JSON line when the connections are open. Small exchanges are compared byte for byte. Exit code 1 means that the load itself failed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SEND_BYTES (256 * 1024)
#define RECEIVE_BYTES (1024 * 1024)
#define ROUNDS_PER_EVENT 8          /* bounds how long one busy stream may hold up the others */
#define SOURCE_ADDRESSES 64         /* 127.0.0.1 ... 127.0.0.64: each has its own range of ephemeral ports */
#define BULK_MARK 'B'
#define MAXIMUM_ERRORS 1000         /* a refused connection is retried at once; this ends a loop that cannot succeed */
#define OPENING_AT_ONCE 32          /* idle mode: stays far below any accept queue */
#define OPENING_LIMIT_S 60.0
#define OPENED_PER_SECOND 50        /* beyond the limit: a tunnel that opens fewer a second holds fewer */
#define GRACE_S 30                  /* after this much more than the expected time the kernel ends the program */

enum mode { UP, DOWN, BOTH, PING, HTTP, CONNECT, IDLE };

struct socket_state {
  int fd;
  bool is_client, is_connected, is_blasting, wants_write, is_closed, is_bulk;
  double started_at, due_at;
  size_t received;
  struct socket_state *next_closed, *next_waiting;
};

static const char *const mode_names[] = {"up", "down", "both", "ping", "http", "connect", "idle"};
static enum mode mode;
static const char *connect_host, *listen_host;
static int connect_port, target_port, connect_octet = 1, connections = 1, bulk_connections, message_bytes;
static double seconds = 1, warmup = 0.3, every;

static int poller;
static char bulk[SEND_BYTES], incoming[RECEIVE_BYTES];
static char request[4096], reply[4096];
static size_t request_length, reply_length;

static struct socket_state *closed_list, *waiting_list;
static bool is_measuring, is_stopping;
static volatile sig_atomic_t is_window_over;
static unsigned long long received_bytes;
static long sequence, errors, open_count, to_start;
static double *latencies;
static size_t latency_count, latency_capacity;

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
  fprintf(stderr, "tcpload: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void watch(struct socket_state *state, int operation, bool wants_write) {
  if (operation == EPOLL_CTL_MOD && state->wants_write == wants_write) return;
  state->wants_write = wants_write;
  struct epoll_event event = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0), .data.ptr = state};
  if (epoll_ctl(poller, operation, state->fd, &event) < 0) fail("epoll_ctl");
}

/* Memory is freed after the current batch of events: a later event of the batch may still point to it. */
static void close_socket(struct socket_state *state) {
  if (state->is_closed) return;
  state->is_closed = true;
  close(state->fd);
  state->next_closed = closed_list;
  closed_list = state;
}

static void count_error(struct socket_state *state, const char *what) {
  if (state->is_client && !is_stopping) {
    if (++errors <= 3) fprintf(stderr, "tcpload: %s: %s\n", what, strerror(errno));
    if (mode == CONNECT) to_start++;
  }
  close_socket(state);
}

static struct socket_state *new_state(int fd, bool is_client) {
  struct socket_state *state = calloc(1, sizeof *state);
  if (!state) fail("calloc");
  state->fd = fd;
  state->is_client = is_client;
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return state;
}

static struct sockaddr_in loopback(int last_octet, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(0x7f000000u + (unsigned)last_octet);
  return address;
}

static struct socket_state *start_client(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  struct socket_state *state = new_state(fd, true);
  if (mode == CONNECT || mode == IDLE) {
    int on = 1;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    struct sockaddr_in source = loopback(1 + (int)(sequence % SOURCE_ADDRESSES), 0);
    bind(fd, (struct sockaddr *)&source, sizeof source);
  }
  sequence++;
  state->started_at = now();
  struct sockaddr_in address = loopback(connect_octet, connect_port);
  if (connect_host) address.sin_addr.s_addr = inet_addr(connect_host);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
    count_error(state, "connect");
    return state;
  }
  watch(state, EPOLL_CTL_ADD, true);
  return state;
}

/* A small message into an empty socket buffer always fits; anything else is an error of the run. */
static bool send_small(struct socket_state *state, const char *bytes, size_t length) {
  if (send(state->fd, bytes, length, MSG_NOSIGNAL) == (ssize_t)length) return true;
  count_error(state, "send");
  return false;
}

static void blast(struct socket_state *state) {
  state->is_blasting = true;
  for (int round = 0; round < ROUNDS_PER_EVENT; round++) {
    if (send(state->fd, bulk, sizeof bulk, MSG_NOSIGNAL) >= 0) continue;
    if (errno != EAGAIN) {
      count_error(state, "send");
      return;
    }
    break;
  }
  watch(state, EPOLL_CTL_MOD, true);
}

static void add_latency(double value) {
  if (latency_count == latency_capacity) {
    latency_capacity = latency_capacity ? latency_capacity * 2 : 65536;
    latencies = realloc(latencies, latency_capacity * sizeof *latencies);
    if (!latencies) fail("realloc");
  }
  latencies[latency_count++] = value;
}

static void start_exchange(struct socket_state *state) {
  state->received = 0;
  if (mode != CONNECT) state->started_at = now(); /* connect mode counts the connecting as well */
  send_small(state, request, request_length);
}

/* What takes longer than a turn has kept the next ones from beginning: a stall must not be hidden by what did not begin in it. */
static void add_paced_latency(double latency) {
  do add_latency(latency);
  while (every > 0 && (latency -= every) > 0);
}

static void wait_for_turn(struct socket_state *state) {
  state->due_at = state->started_at + every;
  while (state->due_at < now()) state->due_at += every;
  state->next_waiting = waiting_list;
  waiting_list = state;
}

static void start_due(void) {
  struct socket_state *waiting = waiting_list;
  waiting_list = NULL;
  for (struct socket_state *state = waiting, *next; state; state = next) {
    next = state->next_waiting;
    if (state->is_closed) continue;
    if (state->due_at <= now()) {
      start_exchange(state);
    } else {
      state->next_waiting = waiting_list;
      waiting_list = state;
    }
  }
}

/* At most 20 ms, so that windows end on time when a tunnel hangs. */
static struct timespec turn_limit(void) {
  double limit = 0.02;
  for (struct socket_state *state = waiting_list; state; state = state->next_waiting)
    if (state->due_at - now() < limit) limit = state->due_at - now();
  return (struct timespec){.tv_nsec = limit > 0 ? (long)(limit * 1e9) : 0};
}

static void finish_exchange(struct socket_state *state) {
  if (is_measuring && mode != IDLE) add_paced_latency(now() - state->started_at);
  if (mode == IDLE) {
    open_count++;
  } else if (mode == CONNECT) {
    close_socket(state);
    to_start++;
  } else if (every > 0) {
    wait_for_turn(state);
  } else {
    start_exchange(state);
  }
}

static void on_connected(struct socket_state *state) {
  int problem = 0;
  socklen_t length = sizeof problem;
  getsockopt(state->fd, SOL_SOCKET, SO_ERROR, &problem, &length);
  if (problem) {
    errno = problem;
    count_error(state, "connect");
    return;
  }
  state->is_connected = true;
  if (mode == UP || mode == BOTH || state->is_bulk) {
    blast(state);
    return;
  }
  watch(state, EPOLL_CTL_MOD, false);
  start_exchange(state);
}

/*
 * Client and target take the same way here: compare with what is expected, answer when it is complete. Changed bytes at the
 * target count when the client sees its connection closed: a tunnel may still deliver a connection of an earlier run,
 * whose client is gone and whose bytes are others.
 */
static void take_exchange_bytes(struct socket_state *state, size_t length) {
  const char *expected = state->is_client ? reply : request;
  size_t expected_length = state->is_client ? reply_length : request_length;
  /* A bulk client says so by its first byte, which no request begins with; what the target gets from it is not looked at. */
  if (!state->is_client && bulk_connections > 0 && state->received == 0 && incoming[0] == BULK_MARK) state->is_bulk = true;
  if (state->is_bulk) {
    if (is_measuring) received_bytes += length;
    return;
  }
  if (state->received + length > expected_length || memcmp(incoming, expected + state->received, length) != 0) {
    errno = EBADMSG;
    count_error(state, "bytes arrived changed");
    return;
  }
  state->received += length;
  if (state->received < expected_length) return;
  if (state->is_client) {
    finish_exchange(state);
  } else {
    state->received = 0;
    send_small(state, reply, reply_length);
  }
}

static void on_readable(struct socket_state *state) {
  bool discards = (mode == UP && !state->is_client) || (mode == DOWN && state->is_client) || mode == BOTH || state->is_bulk;
  for (int round = 0; round < ROUNDS_PER_EVENT && !state->is_closed; round++) {
    ssize_t length = recv(state->fd, incoming, sizeof incoming, discards ? MSG_TRUNC : 0);
    if (length < 0) {
      if (errno != EAGAIN) count_error(state, "receive");
      return;
    }
    if (length == 0) {
      errno = ECONNRESET;
      count_error(state, "closed by the tunnel");
      return;
    }
    if (discards) {
      if (is_measuring) received_bytes += (unsigned long long)length;
    } else if (mode == DOWN) {
      blast(state);
      return;
    } else {
      take_exchange_bytes(state, (size_t)length);
    }
    if (!discards && (size_t)length < sizeof incoming) return; /* epoll is level-triggered: no second empty read */
  }
}

static void on_event(struct socket_state *state, unsigned events) {
  if (state->is_closed) return;
  if (state->is_client && !state->is_connected) {
    if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) on_connected(state);
    return;
  }
  if (events & EPOLLOUT) {
    if (state->is_blasting) blast(state);
    else watch(state, EPOLL_CTL_MOD, false);
  }
  if (!state->is_closed && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) on_readable(state);
}

static void accept_all(int listener) {
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    struct socket_state *state = new_state(fd, false);
    watch(state, EPOLL_CTL_ADD, false);
    if (mode == BOTH) blast(state);
  }
}

static void free_closed(void) {
  while (closed_list) {
    struct socket_state *state = closed_list;
    closed_list = state->next_closed;
    free(state);
  }
}

static void end_window(int number) {
  (void)number;
  is_window_over = 1;
}

static double opening_limit(void) { return OPENING_LIMIT_S + (double)connections / OPENED_PER_SECOND; }

static void run_turn(int listener) {
  struct epoll_event events[256];
  struct timespec limit = turn_limit();
  int count = epoll_pwait2(poller, events, 256, &limit, NULL);
  for (int index = 0; index < count; index++) {
    if (events[index].data.ptr == NULL) accept_all(listener);
    else on_event(events[index].data.ptr, events[index].events);
  }
  if (waiting_list) start_due();
  free_closed();
  for (; to_start > 0 && errors < MAXIMUM_ERRORS; to_start--) start_client();
}

static int by_value(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return a < b ? -1 : a > b;
}

static double percentile_us(double share) {
  return latency_count ? latencies[(size_t)((double)(latency_count - 1) * share)] * 1e6 : 0;
}

static void run_timed(int listener) {
  for (int index = 0; index < bulk_connections; index++) start_client()->is_bulk = true;
  for (int index = 0; index < connections; index++) start_client();
  for (double end = now() + warmup; now() < end;) run_turn(listener);
  puts("START");
  fflush(stdout);
  double cpu = own_cpu_seconds(), started = now();
  is_measuring = true;
  while (now() < started + seconds && !is_window_over) run_turn(listener);
  double elapsed = now() - started;
  cpu = own_cpu_seconds() - cpu;
  is_measuring = false;
  is_stopping = true;
  puts("END");
  fflush(stdout);
  qsort(latencies, latency_count, sizeof *latencies, by_value);
  printf("{\"seconds\":%.4f,\"bytes\":%llu,\"operations\":%zu,\"p50Us\":%.1f,\"p99Us\":%.1f,\"p999Us\":%.1f,"
         "\"errors\":%ld,\"loadCpuSeconds\":%.4f}\n",
         elapsed, received_bytes, latency_count, percentile_us(0.5), percentile_us(0.99), percentile_us(0.999), errors, cpu);
}

static void run_idle(void) {
  double began = now(), limit = began + opening_limit();
  for (long started = 0; open_count + errors < connections && now() < limit; run_turn(-1))
    for (; started < connections && started - open_count - errors < OPENING_AT_ONCE; started++) start_client();
  printf("{\"open\":%ld,\"errors\":%ld,\"openingSeconds\":%.3f}\n", open_count, errors, now() - began);
  fflush(stdout);
  struct epoll_event event = {.events = EPOLLIN};
  int input = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ctl(input, EPOLL_CTL_ADD, STDIN_FILENO, &event) < 0) fail("standard input must be a pipe");
  while (epoll_wait(input, &event, 1, 0) == 0) run_turn(-1);
}

static void read_arguments(int count, char **arguments) {
  int index = 0;
  while (index <= IDLE && (count < 2 || strcmp(arguments[1], mode_names[index]) != 0)) index++;
  if (index > IDLE) {
    fprintf(stderr, "usage: tcpload up|down|both|ping|http|connect|idle --connect PORT --target PORT ...\n");
    exit(2);
  }
  mode = (enum mode)index;
  for (index = 2; index + 1 < count; index += 2) {
    const char *name = arguments[index], *value = arguments[index + 1];
    if (!strcmp(name, "--connect")) connect_port = atoi(value);
    else if (!strcmp(name, "--target")) target_port = atoi(value);
    else if (!strcmp(name, "--address")) connect_octet = atoi(value);
    else if (!strcmp(name, "--host")) connect_host = value;
    else if (!strcmp(name, "--listen")) listen_host = value;
    else if (!strcmp(name, "--bulk")) bulk_connections = atoi(value);
    else if (!strcmp(name, "--bytes")) message_bytes = atoi(value);
    else if (!strcmp(name, "--connections")) connections = atoi(value);
    else if (!strcmp(name, "--every")) every = atof(value) / 1e3;
    else if (!strcmp(name, "--seconds")) seconds = atof(value);
    else if (!strcmp(name, "--warmup")) warmup = atof(value);
    else {
      fprintf(stderr, "tcpload: unknown option %s\n", name);
      exit(2);
    }
  }
}

static void prepare_messages(void) {
  for (size_t index = 0; index < sizeof bulk; index++) bulk[index] = (char)rand();
  request_length = reply_length = mode == PING ? 128 : mode == CONNECT ? 100 : 1;
  if (message_bytes > 0 && message_bytes <= (int)sizeof request) request_length = reply_length = (size_t)message_bytes;
  /* Bulk begins with its mark at every turn of the buffer; a request never does. */
  bulk[0] = 0;
  memcpy(request, bulk, request_length);
  bulk[0] = BULK_MARK;
  memcpy(reply, bulk, reply_length);
  if (mode != HTTP) return;
  /* What wrk sends when it is given this path and only this header: the target compares every byte. */
  request_length = (size_t)snprintf(request, sizeof request,
                                    "GET /items/42 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  reply_length = (size_t)snprintf(reply, sizeof reply,
                                  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\n\r\n%01024d", 0);
}

/* -1 when another program is the target: nothing is accepted then. */
static int listen_as_target(void) {
  if (target_port == 0) return -1;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = loopback(1, target_port);
  if (listen_host) address.sin_addr.s_addr = inet_addr(listen_host);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) fail("bind the target port");
  if (listen(listener, 4096) < 0) fail("listen");
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) < 0) fail("epoll_ctl");
  return listener;
}

/* Ends with the process that made it. */
static void become_target_of(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) exit(1);
  poller = epoll_create1(EPOLL_CLOEXEC);
  int listener = listen_as_target();
  puts("LISTENING");
  fflush(stdout);
  for (;;) run_turn(listener);
}

/* The target in a process of its own; returns when it listens. */
static void start_target(void) {
  int pipes[2];
  char line[16];
  pid_t parent = getpid();
  if (pipe(pipes) < 0) fail("pipe");
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    dup2(pipes[1], STDOUT_FILENO);
    close(pipes[0]);
    become_target_of(parent);
  }
  close(pipes[1]);
  if (read(pipes[0], line, sizeof line) <= 0) fail("start the target");
}

int main(int count, char **arguments) {
  read_arguments(count, arguments);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGUSR1, end_window);
  alarm((unsigned)(warmup + seconds + opening_limit() + GRACE_S));
  prepare_messages();
  if ((poller = epoll_create1(EPOLL_CLOEXEC)) < 0) fail("epoll_create1");
  if (mode == IDLE) {
    start_target();
    run_idle();
  } else {
    run_timed(listen_as_target());
  }
  return 0;
}
