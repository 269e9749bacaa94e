import { join } from 'node:path'

import type { EchoPath } from '../processes/check-echo.ts'
import { ManagedProcess, type Readiness } from '../processes/managed-process.ts'
import { createRunFolder, removeRunFolder } from '../processes/run-folder.ts'
import type { HttpDoor, ListenerDoor, RunningCandidate } from './candidate.ts'
import { oneMachine, type Place, type Places } from './places.ts'

/** Bound for each process and for the first bytes through the whole candidate. */
export const readyTimeoutMs = 20_000

/** Names the folder of the profiles to whatever starts our programs: `--cpu-prof` sets it. */
export const profileFolderVariable = 'POSTERN_BENCH_PROFILES'

/** Lets our own programs, those that run from source, write a profile when they end. */
function profileEnv({ name, command }: ProcessPlan): Readonly<Record<string, string>> {
  const folder = process.env[profileFolderVariable]
  if (folder === undefined || !command.includes('--conditions=@postern/source')) return {}
  return { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder} --cpu-prof-name=${name}-\${pid}.cpuprofile` }
}

/** One process to start. */
export interface ProcessPlan {
  readonly name: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly ready: Readiness
  readonly counted: boolean
  /** Default far. */
  readonly place?: Place | undefined
}

/** Starts a candidate's processes; when one of them fails, none is left. */
export async function startCandidate(
  start: (group: ProcessGroup) => Promise<RunningCandidate>,
  places?: Places,
): Promise<RunningCandidate> {
  const group = new ProcessGroup(places)
  try {
    return await start(group)
  } catch (error) {
    await group.stop()
    throw error
  }
}

/** Processes that carry bytes from one port to another. */
export class ProcessGroup {
  /** Holds configuration and logs; removed at the end. */
  readonly folder: string = createRunFolder()
  readonly #places: Places
  readonly #started: ManagedProcess[] = []
  readonly #counted: ManagedProcess[] = []
  #isFar = true
  #firstStartedAtMs: number | undefined

  constructor(places: Places = oneMachine) {
    this.#places = places
  }

  /** Starts a process and waits until it is ready. */
  async start(plan: ProcessPlan): Promise<ManagedProcess> {
    this.#firstStartedAtMs ??= performance.now()
    const logFile = join(this.folder, `${plan.name}.log`)
    const { place = 'far' } = plan
    this.#isFar &&= place === 'far'
    const command = [...this.#places.enter(place), ...plan.command]
    const env = { ...plan.env, ...profileEnv(plan) }
    const started = new ManagedProcess({ ...plan, command, env, logFile, cwd: this.folder })
    this.#started.push(started)
    if (plan.counted) this.#counted.push(started)
    await started.waitUntilReady(plan.ready, readyTimeoutMs)
    return started
  }

  /** Process ids of those that count. */
  get countedPids(): readonly number[] {
    return this.#counted.map(({ pid }) => pid)
  }

  /** Proves that bytes come through, and hands the group over as a candidate. */
  async finish(ports: Omit<EchoPath, 'isFar'>, listenerDoor?: ListenerDoor): Promise<RunningCandidate> {
    const path = { ...ports, isFar: this.#isFar }
    await this.#places.prove(path, readyTimeoutMs)
    const setUpMs = performance.now() - (this.#firstStartedAtMs ?? performance.now())
    return {
      ...path,
      counted: this.#counted,
      setUpMs,
      ...(listenerDoor && { listenerDoor }),
      stop: async () => await this.stop(),
    }
  }

  /** Hands over a group that answers HTTP requests; its processes have said that they are ready. */
  finishRelayedHttp(httpDoor: HttpDoor): RunningCandidate {
    const stop = async (): Promise<void> => await this.stop()
    return { listenPort: 0, targetPort: 0, counted: this.#counted, httpDoor, stop }
  }

  /** Stops what was started, last one first, and removes the folder. */
  async stop(): Promise<void> {
    for (const started of this.#started.toReversed()) await started.stop()
    removeRunFolder(this.folder)
  }
}
