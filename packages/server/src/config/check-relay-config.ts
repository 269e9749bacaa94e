import { isIP } from 'node:net'
import { type OptionProblem, OptionsError } from '@postern/program'
import { parseIngressGrant } from '../domain/ingress-grant.ts'
import { parseCertificateFiles } from './certificate-files.ts'
import { parseOidcIssuer } from './oidc-issuers.ts'
import { optionTable, type RelayOptionValues } from './option-table.ts'

/**
 * Checks what one row of the table cannot say: the text of addresses and hosts, and options that need or exclude each other.
 * @throws {OptionsError} `InvalidConfiguration` with everything that is wrong
 */
export function checkRelayConfig(values: RelayOptionValues): void {
  const problems = [textProblems, doorProblems, identityProblems, webhookProblems, tlsProblems, proxyProblems].flatMap(
    (check) => [...check(values)],
  )
  if (problems.length > 0) throw new OptionsError(problems)
}

function* textProblems(values: RelayOptionValues): Iterable<OptionProblem> {
  for (const name of ['publicHost', 'baseDomain'] as const) {
    if (!isHost(values[name]))
      yield problem(name, `"${values[name]}" is no host name; write it without scheme and port`)
  }
  for (const name of ['managementHosts', 'acmeHosts'] as const) {
    for (const host of values[name]) {
      if (!isHost(host)) yield problem(name, `"${host}" is no host name; write it without scheme and port`)
    }
  }
  const { advertise, acmeDirectory, ingressSessionKey } = values
  if (ingressSessionKey !== undefined && ingressSessionKey.reveal().length < 32) {
    yield problem('ingressSessionKey', 'is too short to be random; make one with: openssl rand -base64 32')
  }
  if (advertise !== undefined && !isOrigin(advertise)) {
    yield problem('advertise', `"${advertise}" must be wss://HOST or wss://HOST:PORT, without a path`)
  }
  // ACME is spoken over TLS only: RFC 8555 section 6.1.
  if (!URL.canParse(acmeDirectory) || new URL(acmeDirectory).protocol !== 'https:') {
    yield problem('acmeDirectory', `"${acmeDirectory}" must be an https address`)
  }
}

function* doorProblems(values: RelayOptionValues): Iterable<OptionProblem> {
  const { dataPort, managementPort, managementHosts } = values
  const sharesPort = dataPort !== 0 && dataPort === managementPort
  if (sharesPort && managementHosts.length === 0) {
    yield problem('managementHosts', 'is needed when both doors share one port: nothing else tells them apart')
  }
  for (const text of values.ingressPorts) {
    const grant = parseIngressGrant(text)
    if (typeof grant === 'string') yield problem('ingressPorts', grant)
  }
}

function* identityProblems({ issuer, oidcIssuers, bootstrapAdminSecret }: RelayOptionValues): Iterable<OptionProblem> {
  if (issuer !== undefined && !isWebOrigin(issuer)) {
    yield problem('issuer', `"${issuer}" must be https://HOST or https://HOST:PORT, without a path`)
  }
  const seen = new Set<string>()
  for (const text of oidcIssuers) {
    const parsed = parseOidcIssuer(text)
    if (typeof parsed === 'string') {
      yield problem('oidcIssuers', parsed)
      continue
    }
    for (const unique of [parsed.name, parsed.issuer]) {
      if (seen.has(unique)) yield problem('oidcIssuers', `has ${unique} twice`)
      seen.add(unique)
    }
  }
  const length = bootstrapAdminSecret?.reveal().length
  if (length !== undefined && (length < 32 || length > 256)) {
    yield problem('bootstrapAdminSecret', 'must have 32 to 256 characters, and be random')
  }
}

function* webhookProblems({ webhookUrl, webhookSecret }: RelayOptionValues): Iterable<OptionProblem> {
  if (webhookUrl === undefined) return
  if (!isWebhookUrl(webhookUrl)) {
    yield problem(
      'webhookUrl',
      `"${webhookUrl}" must be an https address without a user name; http only to this machine`,
    )
  }
  if ((webhookSecret?.reveal().length ?? 0) < 16) {
    yield problem('webhookSecret', 'is needed with a webhook, and must have at least 16 characters')
  }
}

function* tlsProblems(values: RelayOptionValues): Iterable<OptionProblem> {
  const hosts = new Set<string>()
  for (const text of values.certificates) {
    const files = parseCertificateFiles(text)
    if (files === undefined) {
      yield problem('certificates', `"${text}" must be CERT,KEY or HOST=CERT,KEY`)
      continue
    }
    const host = files.host ?? ''
    if (hosts.has(host))
      yield problem('certificates', `has two ${host === '' ? 'default certificates' : `for ${host}`}`)
    hosts.add(host)
  }
  if (values.tls === 'on') return
  for (const name of ['certificates', 'acmeHosts'] as const) {
    if (values[name].length > 0) yield problem(name, 'has no use when TLS is off')
  }
}

function* proxyProblems(values: RelayOptionValues): Iterable<OptionProblem> {
  for (const text of values.trustedProxies) {
    if (!isNetwork(text))
      yield problem('trustedProxies', `"${text}" is neither an IP address nor a network such as 10.0.0.0/8`)
  }
  if (values.proxyProtocol && values.trustedProxies.length === 0) {
    yield problem('proxyProtocol', 'needs trusted proxies: from anybody else a PROXY header is not believed')
  }
}

function problem(name: keyof typeof optionTable, message: string): OptionProblem {
  const entry = optionTable[name]
  const flag = 'flag' in entry ? `--${entry.flag}, ` : ''
  return { where: `${name} (${flag}${entry.env})`, message }
}

/** A host name (RFC 1123 section 2.1, `_` tolerated), an IPv4 address or an IPv6 address in brackets. */
function isHost(text: string): boolean {
  if (text.startsWith('[') && text.endsWith(']')) return isIP(text.slice(1, -1)) === 6
  return text.length <= 253 && /^[\w](?:[\w-]{0,62})(?:\.[\w][\w-]{0,62})*$/.test(text)
}

function isWebOrigin(text: string): boolean {
  return /^https?:/.test(text) && isOrigin(text.replace(/^http/, 'ws'))
}

function isOrigin(text: string): boolean {
  const match = /^wss?:\/\/(\[[^\]]+\]|[^:/[\]]+)(?::(\d{1,5}))?\/?$/.exec(text)
  return match !== null && isHost(match[1] ?? '') && Number(match[2] ?? 443) <= 65_535
}

/** What is told goes over the network in clear otherwise; a user name would stand in logs. */
function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
  return username === '' && password === '' && (protocol === 'https:' || (protocol === 'http:' && isLoopback))
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 6 ? 128 : 32))
}
