import type { ManagedProcess } from '../processes/managed-process.ts'
import type { Places } from './places.ts'

/** One way from the client's port to the target's port that the benchmark can measure. */
export interface Candidate {
  readonly name: string
  /** One line for the report: version, topology, what differs from the others. */
  readonly about: string
  /** Whether the bytes between the ends are encrypted. */
  readonly isEncrypted: boolean
  /** False: measured only when it is named or everything is asked for. */
  readonly runsByDefault: boolean
  /** It answers HTTP requests through a relay instead of carrying connections: rows of that kind are its only ones. */
  readonly answersRelayedHttp?: boolean
  /** Gets ready what is needed once, such as an npm install; answers why the candidate cannot run here, if so. */
  prepare(): Promise<string | undefined>
  /** Starts all processes, on one machine unless it is told otherwise, and resolves when bytes reach the target. Fresh processes at every call. */
  start(places?: Places): Promise<RunningCandidate>
}

/** A candidate whose processes run. */
export interface RunningCandidate {
  /** The load's clients connect to 127.0.0.this. Default 1. */
  readonly listenAddress?: number
  /** Port that the load's clients connect to: of loopback, unless all is far. */
  readonly listenPort: number
  /** All its processes are far: clients reach the port over the link. Default false. */
  readonly isFar?: boolean
  /** Loopback port where the load listens as the target. */
  readonly targetPort: number
  /** The processes whose CPU time and memory are the candidate's, with their descendants. */
  readonly counted: readonly ManagedProcess[]
  /** From the start of the first process to the first bytes through all of them. */
  readonly setUpMs?: number
  /** Where HTTP requests go in, if it answers those; nothing listens on its ports then. */
  readonly httpDoor?: HttpDoor
  /** Where further listeners can be held, if the candidate has a relay of ours. */
  readonly listenerDoor?: ListenerDoor
  /** Ends every process and removes the files of this start. */
  stop(): Promise<void>
}

/** Where and how HTTP requests are sent to a listener. */
export interface HttpDoor {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** Where and how a control channel is opened. */
export interface ListenerEntry {
  readonly host: string
  readonly port: number
  /** Certificate that the relay's own one hangs from, as PEM; undefined: no TLS. */
  readonly ca: string | undefined
  /** Connection string of a hybrid connection. */
  readonly access: string
}

/** The same, and whose memory it costs. */
export interface ListenerDoor extends ListenerEntry {
  readonly relay: ManagedProcess
}
