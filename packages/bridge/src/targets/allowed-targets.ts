import { formatPortNameRefusal } from '@postern/carrier'
import { RelayError } from '@postern/protocol'
import type { WantedTarget } from '../carriers/carrier-server.ts'
import { addressOf, type RemoteTarget, type SingleTarget } from '../forward.ts'
import type { AllowList } from './allow-list.ts'
import { findTarget, findWantedTarget, namesOf } from './find-target.ts'

/** What {@link AllowedTargets} chooses from. */
export interface AllowedTargetsOptions {
  readonly targets: readonly RemoteTarget[]
  readonly allowList: AllowList
  /** Refusals name who has spoken: another listener may have the target. */
  readonly listenerId: string
}

/** The targets of a forwarder as senders may have them: by a name that there is, within the allow-list. */
export class AllowedTargets {
  readonly #options: AllowedTargetsOptions

  constructor(options: AllowedTargetsOptions) {
    this.#options = options
  }

  /** The target for a port name of a preamble; a text that says why there is none. */
  find(portName: string): SingleTarget | string {
    const { targets } = this.#options
    const target = findTarget(targets, portName)
    return target ? (this.#objection(target) ?? target) : this.#unknown(portName)
  }

  /** The target of a stream: by port name, by `host:port`, or the only one. @throws {RelayError} EndpointNotAllowed */
  demand({ kind, target: wanted }: WantedTarget): SingleTarget {
    const found = findWantedTarget(this.#options.targets, wanted)
    if (!found) throw refusal(this.#unknown(wanted), 'Ask for one of these, or add a target of this name with -T.')
    if ((found.protocol === 'udp') !== (kind === 'udp')) {
      const [has, help] = kind === 'udp' ? (['TCP', comeByTcp] as const) : (['UDP', comeByUdp] as const)
      const text =
        wanted === '' ? `The only target is a ${has} one` : `There is a ${has} target under the name "${wanted}"`
      throw refusal(text, help)
    }
    const objection = this.#objection(found)
    if (objection !== undefined) throw refusal(objection, 'At this bridge, allow it (--allow host:ports).')
    return found
  }

  #objection(target: SingleTarget): string | undefined {
    if (target.protocol === 'unix' || this.#options.allowList.allows(target.host, target.port)) return undefined
    return `${addressOf(target)} is not in the allow-list`
  }

  #unknown(portName: string): string {
    const { targets, listenerId } = this.#options
    return formatPortNameRefusal({ listenerId, portName, known: namesOf(targets) })
  }
}

const comeByUdp =
  'Come by UDP: protocol: udp in the ingress entry, PORTU in the -L of a bridge. Or lead to a TCP target here.'
const comeByTcp =
  'Come by TCP: no protocol: udp in the ingress entry, no U in the -L of a bridge. Or lead to a UDP target here (PORTU).'

/** The error table knows of policies at sites; here it is the bridge's own options that help. */
function refusal(message: string, help: string): RelayError {
  return new RelayError('EndpointNotAllowed', { message, help })
}
