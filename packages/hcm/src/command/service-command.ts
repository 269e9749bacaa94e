import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { isRelayError, RelayError } from '@postern/protocol'
import type { ServiceStatus } from '../service/service-status.ts'
import { carryOut } from '../system-service/carry-out.ts'
import { checkAction } from '../system-service/check-action.ts'
import { findInstalledUnit } from '../system-service/installed-unit.ts'
import { formatSteps } from '../system-service/plan-step.ts'
import { runCommand } from '../system-service/run-command.ts'
import type { PlanOptions, ServiceAction } from '../system-service/service-manager.ts'
import { type ServicePlatform, serviceManagers, servicePlatform } from '../system-service/service-managers.ts'
import { thisProgram } from '../system-service/service-program.ts'
import { readServiceState, type ServiceState } from '../system-service/service-state.ts'
import { type AskFlags, clientOf, print } from './ask-service.ts'

/** Flags of the commands that change the service. */
export interface ServiceFlags {
  readonly dryRun?: true
  readonly platform?: ServicePlatform
  readonly root?: string
  readonly start?: boolean
  readonly replace?: true
  readonly program?: string
}

/** Where the service of the system keeps state and socket. */
const serviceStateFolder = '/var/lib/postern-hcm'
/** How long a service that was started may take until it answers: a slow machine loads it for some seconds. */
const startMs = 40_000
const pollMs = 200

/** Does, or shows, one of the actions. @throws {RelayError} with what to do */
export async function performAction(
  action: ServiceAction,
  flags: ServiceFlags & { readonly words: readonly string[] },
): Promise<void> {
  const platform = demandPlatform(flags)
  const manager = serviceManagers[platform]
  const options = planOptions(action, platform, flags)
  const steps = manager.plan[action](options)
  if (flags.dryRun) {
    process.stdout.write(formatSteps(steps))
    return
  }
  const { needs } = manager
  checkAction({
    action,
    platform,
    options,
    isRoot: process.getuid?.() === 0,
    hasSystemd: existsSync('/run/systemd/system'),
    unit: platform === 'linux' ? findInstalledUnit(options.root) : undefined,
    replaces: flags.replace ?? false,
  })
  if (needs && !existsSync(needs.path)) {
    throw new Error(`${needs.path} is missing: ${needs.help}`)
  }
  await carryOut(steps, runCommand)
  const starts = action === 'start' || (action === 'install' && options.starts)
  if (starts && platform === 'linux' && options.root === undefined) await demandAnswer()
  process.stdout.write(done(action, starts, flags))
}

/** Shows how the service is. */
export async function showServiceStatus(flags: AskFlags): Promise<void> {
  const platform = demandPlatform({})
  if (platform !== 'linux') {
    const { code, output } = await runCommand(serviceManagers[platform].statusCommand)
    process.stdout.write(output)
    process.exitCode = code === 0 ? 0 : 1
    return
  }
  const state = await readServiceState(findInstalledUnit(), runCommand)
  const answer = await askService(flags.stateDir)
  print(flags, { ...state, Answers: typeof answer === 'object' }, formatState(state, answer))
  process.exitCode = !state.Installed ? 3 : state.State === 'active' && typeof answer === 'object' ? 0 : 1
}

function demandPlatform({ platform, dryRun }: Pick<ServiceFlags, 'platform' | 'dryRun'>): ServicePlatform {
  if (platform !== undefined && !dryRun) {
    throw new RelayError('InvalidConfiguration', {
      message: '--platform shows what another system would get: it needs --dry-run',
    })
  }
  const meant = platform ?? servicePlatform()
  if (meant !== undefined) return meant
  throw new RelayError('InvalidConfiguration', {
    message: `How services are made on ${process.platform} is not known here; let its init system start \`hcm run\``,
  })
}

function planOptions(
  action: ServiceAction,
  platform: ServicePlatform,
  { root, program, start = true, words }: ServiceFlags & { readonly words: readonly string[] },
): PlanOptions {
  if (root !== undefined && platform !== 'linux') {
    throw new RelayError('InvalidConfiguration', { message: '--root is for systemd only' })
  }
  if (root !== undefined && action === 'install' && program === undefined) {
    const message = 'Say where the program will be in that system, too: --program /usr/bin/hcm'
    throw new RelayError('InvalidConfiguration', { message })
  }
  return { program: program === undefined ? thisProgram(words) : [program], root, starts: start }
}

/** A service that does not come up must not be called started. */
async function demandAnswer(): Promise<void> {
  const until = performance.now() + startMs
  for (;;) {
    const answer = await askService(serviceStateFolder)
    if (typeof answer === 'object') return
    if (performance.now() > until) {
      throw new Error(
        `The service was started and does not answer (${answer}). What it said: journalctl -u postern-hcm -n 30`,
      )
    }
    await delay(pollMs)
  }
}

/** How the service is, or why it does not say. */
async function askService(folder: string): Promise<ServiceStatus | string> {
  try {
    return await clientOf({ stateDir: folder }).call('describe', {})
  } catch (error) {
    if (isRelayError(error)) return error.message
    throw error
  }
}

function formatState(state: ServiceState, answer: ServiceStatus | string): string {
  const { Unit, Path, Installed, Enabled, State, Pid, Since, Restarts = 0 } = state
  if (!Installed) return `${Unit} is not installed here: sudo hcm service install\n`
  const process = Pid === undefined ? '' : `, process ${Pid}, since ${Since}`
  const lines = [
    `${Unit}: ${State}${process}${Restarts > 0 ? `, restarted ${Restarts} times` : ''}`,
    `definition: ${Path}, ${Enabled ? 'starts' : 'does not start'} with the system`,
    typeof answer === 'string'
      ? answer
      : `it answers: ${answer.Connected} of ${answer.HybridConnections} hybrid connections are connected`,
  ]
  return `${lines.join('\n')}\n`
}

function done(action: ServiceAction, starts: boolean, { root }: ServiceFlags): string {
  if (root !== undefined) return `${action === 'install' ? 'Installed in' : 'Taken out of'} ${root}\n`
  switch (action) {
    case 'install':
      return starts
        ? 'The service is installed and runs. Next: sudo hcm add "<connection string>"\n'
        : 'The service is installed. Next: sudo hcm service start\n'
    case 'uninstall':
      return `The service is gone. Its state and key are still in ${serviceStateFolder} (really /var/lib/private/postern-hcm); remove both folders if nobody needs them.\n`
    case 'start':
      return 'The service runs.\n'
    case 'stop':
      return 'The service is stopped. It starts again with the system, unless you take it out: sudo hcm service uninstall\n'
  }
}
