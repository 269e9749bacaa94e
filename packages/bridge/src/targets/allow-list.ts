import { RelayError } from '@postern/protocol'
import { addressOf, type HttpTarget, isRange, type RemoteTarget } from '../forward.ts'
import { type PortRange, parsePort, parsePortRange } from './port-range.ts'

/** Ports of one host that relayed connections may be led to. */
export interface AllowRule {
  readonly host: string
  readonly ports: PortRange
}

/**
 * Reads one `--allow HOST:PORT`, `HOST:FIRST-LAST` or `HOST:*`.
 *
 * @throws {RelayError} InvalidConfiguration with an example.
 */
export function parseAllowRule(text: string): AllowRule {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, '$1')
  const portText = text.slice(colon + 1)
  const port = parsePort(portText, 1)
  const ports = port === undefined ? parsePortRange(portText) : { first: port, last: port }
  if (host === '' || !ports) {
    throw new RelayError('InvalidConfiguration', {
      message: `--allow "${text}": must be HOST:PORT, HOST:FIRST-LAST or HOST:*. Example: --allow 10.0.0.5:8000-8100`,
    })
  }
  return { host, ports }
}

/**
 * What this end lets through, whatever the other end asks for. Without rules everything that a target names is allowed;
 * with rules only what one of them names. Unix sockets are named whole by whoever starts this end; no rule is needed.
 */
export class AllowList {
  readonly #rules: readonly AllowRule[]

  constructor(rules: readonly AllowRule[]) {
    this.#rules = rules
  }

  /** True when connections may be led to this port of this host, spelled as the target spells it. */
  allows(host: string, port: number): boolean {
    return (
      this.#rules.length === 0 || this.#rulesOf(host).some(({ ports }) => port >= ports.first && port <= ports.last)
    )
  }

  /**
   * Checks targets before anything is opened.
   *
   * @throws {RelayError} InvalidConfiguration when a target can never be reached under these rules, or names all ports
   *   and there is no rule for its host.
   */
  check(relayName: string, target: RemoteTarget | HttpTarget): void {
    if (target.protocol === 'unix') return
    if ('ports' in target && isRange(target)) this.#checkRange(relayName, target.host, target.ports)
    else if ('port' in target && !this.allows(target.host, target.port)) {
      throw refused(`${relayName}: the target ${addressOf(target)} is not in the allow-list; add --allow`)
    }
  }

  #checkRange(relayName: string, host: string, ports: PortRange): void {
    const rules = this.#rulesOf(host)
    if (ports.isAll && rules.length === 0) {
      throw refused(
        `${relayName}: "${host}:*" needs an allow-list that says which ports are meant: --allow ${host}:8000-8100`,
      )
    }
    const isReachable =
      this.#rules.length === 0 || rules.some((rule) => rule.ports.first <= ports.last && rule.ports.last >= ports.first)
    if (!isReachable)
      throw refused(`${relayName}: no port of ${host}:${ports.first}-${ports.last} is in the allow-list`)
  }

  #rulesOf(host: string): readonly AllowRule[] {
    return this.#rules.filter((rule) => rule.host.toLowerCase() === host.toLowerCase())
  }
}

function refused(message: string): RelayError {
  return new RelayError('InvalidConfiguration', { message })
}
