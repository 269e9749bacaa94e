/** What one end allows itself and its peer. docs/protocol/carrier.md "Limits" */
export interface CarrierLimits {
  /** Streams of one carrier at a time. */
  readonly maxCarrierStreams: number
  /** Streams of all carriers of this end. */
  readonly maxStreams: number
  /** OPENs that a peer may send on one carrier in a second. */
  readonly maxOpensPerSecond: number
  /** Ended streams that are remembered for a peer which has not heard of the end. */
  readonly maxFinishedStreams: number
  /** Window and replay buffer that each direction of a stream begins with; also what a peer may send before it is granted more. */
  readonly firstWindowBytes: number
  readonly maxWindowBytes: number
  readonly maxReplayBytes: number
  /** How long a stream waits for another carrier. */
  readonly resumeTimeoutMs: number
}

export const defaultCarrierLimits: CarrierLimits = {
  maxCarrierStreams: 1024,
  // 10,000 connections that do nothing between one client and one listener, and a quarter of what the process may hold left for others.
  maxStreams: 12_288,
  // All that one carrier may hold, sixteen times a second: more than one core can open, so that honest ends never meet it.
  maxOpensPerSecond: 16_384,
  maxFinishedStreams: 4096,
  // What a quiet stream may cost; larger only when measured to be needed.
  firstWindowBytes: 65_536,
  // 100 ms at 160 MB/s.
  maxWindowBytes: 16_777_216,
  maxReplayBytes: 16_777_216,
  resumeTimeoutMs: 60_000,
}

/** So much unconfirmed is confirmed soon: less than half of any replay buffer, so that none fills up for want of a word. */
export const confirmSoonBytes = 16_384

/** What "soon" is: words of one stream travel together, and each costs both ends and the relay a frame. */
export const confirmSoonMs = 10

/** So much is confirmed at once, or a sixteenth of the window where that is more: each word wakes two processes. */
export const confirmAtOnceBytes = 262_144

/** A window that is used up in less than this grows even where the round trip is nothing, for fewer words and fewer turns of the processor. */
export const eagerGrowthTimeMs = 4

/**
 * What streams that are busy at a time share on short paths, so much that each process on the way always has something to do: of 4 MiB all was
 * often in one of them, and the cores had nothing to do for a fifth of the time. Where more is on its way, it is read from slow memory, and others
 * wait for it (measured, bench/profile.md).
 */
export const shortPathBytes = 16_777_216

/** The least that one of them has. */
export const minShortPathWindowBytes = 524_288

/** A window that is used up fast on a long path grows to this without asking whether that pays. */
export const minLongPathWindowBytes = 1_048_576
/** On a long path as far as 16 MB/s need it. */
export const eagerBytesPerMs = 16_384

/**
 * From here on windows begin fourfold, and grow though what was granted came late. On a short path that would only let more bytes wait before those of others
 * (measured: p99 beside 20 bulk streams more than twice as long).
 */
export const longPathMs = 10

/**
 * From here on, over the first PINGs too, streams get other carriers before they are fast. On a shorter path that is done soon enough when they are;
 * and a machine that is busy, or a program that has just begun, takes longer than 10 ms for its answers.
 */
export const farPathMs = 40

/** A larger window doubles as long as the last doubling made the stream this many times as fast, over at least so many milliseconds. */
export const growthGain = 1.7
export const speedTimeMs = 50

export const helloTimeoutMs = 10_000
export const pingIntervalMs = 5_000
export const silenceTimeoutMs = 8_000

/**
 * An answer that takes longer makes a carrier doubtful, ms. A packet that is lost once is repeated by then. Between two looks at the clock
 * lies a second: those after two of them are meant.
 */
export const doubtAfterMs = 1_800

/** More than this between two looks at the clock, ms, is time in which this end did not run: nobody could be heard. */
export const maxTickMs = 1_200

/** Between two looks at the clock the process, or the machine, was stopped. */
export const pausedAfterMs = 4_000

/** A stream with at most this much to send goes before the others. */
export const smallTurnBytes = 4096

/** What one of the others sends before the next has its turn. */
export const largeTurnBytes = 16_384

/** RESETs for streams that do not exist, waiting to be sent, besides one for each stream that a carrier may hold. */
export const maxWaitingResets = 1024

export const maxWaitingDatagramBytes = 262_144
