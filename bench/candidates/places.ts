import { checkEcho, type EchoPath } from '../processes/check-echo.ts'

/** Where a process stands: beside the client, or where relay and target are. */
export type Place = 'near' | 'far'

/** Which networks a candidate's processes are in. */
export interface Places {
  /** Address at which the near side reaches the far side: clients too, where a candidate has nothing near. */
  readonly relayHost: string
  /** What comes before a command that is to run there. */
  enter(place: Place): readonly string[]
  /** Resolves when bytes reach the target. @throws {Error} when they do not in time, in ms. */
  prove(path: EchoPath, timeoutMs: number): Promise<void>
}

/** All on loopback. */
export const oneMachine: Places = { relayHost: '127.0.0.1', enter: () => [], prove: checkEcho }
