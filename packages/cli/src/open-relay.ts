import type { Logger } from '@postern/program'
import { type RelayConfig, type RunningRelay, runRelay } from '@postern/server'

/** A port of the relay, by the name of its option. */
export type DoorOption = 'dataPort' | 'managementPort'

export interface OpenRelayOptions {
  readonly log: Logger
  /** Doors that take any free port when theirs is taken. Default none. */
  readonly movable?: readonly DoorOption[]
  /** Called with a sentence for each door that was moved. */
  readonly onMoved?: (text: string) => void
}

/**
 * Starts a relay with the settings of a command line.
 * @throws {Error} a sentence that names the option when a port or address cannot be had
 */
export async function openRelay(config: RelayConfig, options: OpenRelayOptions): Promise<RunningRelay> {
  const { log, movable = [], onMoved } = options
  try {
    return await runRelay(config, { log })
  } catch (error) {
    const refusal = listenRefusal(error, config)
    if (refusal === undefined) throw error
    const { code, door } = refusal
    if (code !== 'EADDRINUSE' || config.sharesPort || !movable.includes(door)) {
      throw new Error(describeRefusal(refusal, config), { cause: error })
    }
    onMoved?.(`Port ${config[door]} is taken by another program: the ${doors[door].name} takes a free one.`)
    return openRelay({ ...config, [door]: 0 }, options)
  }
}

const doors = {
  dataPort: { name: 'data door', flag: '--data-port' },
  managementPort: { name: 'management door', flag: '--management-port' },
} as const

interface ListenRefusal {
  readonly code: string
  readonly door: DoorOption
}

/** The system's answer to listening, told from all other errors. */
function listenRefusal(error: unknown, config: RelayConfig): ListenRefusal | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || error.syscall !== 'listen') return undefined
  const port = 'port' in error ? error.port : undefined
  const code = 'code' in error ? String(error.code) : ''
  return { code, door: port === config.dataPort ? 'dataPort' : 'managementPort' }
}

function describeRefusal({ code, door }: ListenRefusal, config: RelayConfig): string {
  const { name, flag } = doors[door]
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${config[door]} of the ${name} is taken by another program. Stop it, or choose another port with ${flag} (0 takes any free one).`
    case 'EACCES':
      return `Port ${config[door]} of the ${name} needs more rights than this user has. Choose one from 1024 on with ${flag}, or give the right to bind lower ones.`
    case 'EADDRNOTAVAIL':
      return `This machine has no address ${config.bind}. Correct --bind, or leave it out for every address.`
    default:
      return `The ${name} cannot listen on port ${config[door]}: ${code}.`
  }
}
