import { isIP } from 'node:net'
import { type Endpoint, formatEndpoint } from '@postern/client'
import { RelayError } from '@postern/protocol'
import { type PolicyRule, parsePolicyRule } from './policy-rule.ts'

/** What one hybrid connection may do beside the rules of the site. */
export interface EndpointConsent {
  /** The endpoint that the operator saw when the hybrid connection was added. */
  readonly pinned?: Endpoint | undefined
  /** The operator wants changes to be followed: within the rules of the site, or anywhere while it has none. */
  readonly follows?: boolean
}

/**
 * `allowed`: by name. `byAddress`: no rule names it, but networks are allowed; each address that it resolves to must be
 * asked for. `refused`: whatever it resolves to.
 */
export type EndpointDecision = 'allowed' | 'byAddress' | 'refused'

/** The allow-list of a site: it, not the cloud, has the last word about what can be reached. */
export class EndpointPolicy {
  readonly #rules: readonly PolicyRule[]

  /** @throws {RelayError} InvalidConfiguration for a rule that cannot be read. */
  constructor(rules: readonly (string | PolicyRule)[]) {
    this.#rules = rules.map((rule) => (typeof rule === 'string' ? parsePolicyRule(rule) : rule))
  }

  /**
   * What holds for another port of an endpoint's host, which a sender has asked for: only rules that say which ports are
   * meant. Senders do not choose among all that the site lets the cloud choose from.
   */
  get forOtherPorts(): EndpointPolicy {
    return new EndpointPolicy(this.#rules.filter(({ namesPorts }) => namesPorts))
  }

  /** Decides about an endpoint before its name is resolved. */
  decide(endpoint: Endpoint, { pinned, follows = false }: EndpointConsent = {}): EndpointDecision {
    if (pinned?.host === endpoint.host && pinned.port === endpoint.port) return 'allowed'
    if (follows && this.#rules.length === 0) return 'allowed'
    if (this.#rules.some((rule) => rule.allowsName(endpoint))) return 'allowed'
    return isIP(endpoint.host) === 0 && this.#rules.length > 0 ? 'byAddress' : 'refused'
  }

  /** Decides about an address that the name of an endpoint resolved to, where the name itself was not enough. */
  allowsAddress(address: string, port: number): boolean {
    return this.#rules.some((rule) => rule.allowsAddress({ host: address, port }))
  }
}

/** Says that the site does not allow an endpoint, and the command that would. */
export function endpointNotAllowed(endpoint: Endpoint, addresses: readonly string[] = []): RelayError {
  const where = formatEndpoint(endpoint)
  const found = addresses.length === 0 ? '' : ` (it resolves to ${addresses.join(', ')})`
  return new RelayError('EndpointNotAllowed', {
    message: `The endpoint ${where} is not allowed here${found}`,
    help: `If it is right, allow it: hcm policy allow ${where}. Otherwise set the endpoint of the hybrid connection back.`,
  })
}
