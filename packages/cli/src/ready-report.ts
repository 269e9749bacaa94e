import { formatEndpoint } from '@postern/protocol'
import type { AdministratorFacts, ReadyFacts } from './ready-facts.ts'
import { shellQuote } from './shell-quote.ts'

/** Addresses and files of a relay, a row each; `more` follows in the same columns. */
export function formatAddresses(
  { data, management, caFile, dataDir, administrator, publicPorts }: ReadyFacts,
  more: readonly (readonly [name: string, value: string])[] = [],
): string {
  return formatRows([
    ['data', `${data}   listeners, senders, HTTP requests`],
    ['management', `${management}   /healthz /readyz /metrics`],
    ...(caFile === null ? [] : [['CA file', caFile] as const]),
    ['data folder', dataDir ?? 'none: everything is in memory'],
    ...(administrator === null ? [] : [['administrator', formatAdministrator(administrator)] as const]),
    ...formatPorts(publicPorts),
    ...more,
  ])
}

/** More would push the next steps off the screen; `postern relay ingress list` shows all. */
const maxShownPorts = 20

function formatPorts(ports: ReadyFacts['publicPorts']): readonly (readonly [name: string, value: string])[] {
  const rows = ports
    .slice(0, maxShownPorts)
    .map(({ namespace, name, protocol, address, port, hosts, hybridConnection }) => {
      const place = address === undefined ? `port ${port}` : formatEndpoint({ host: address, port })
      const names = hosts ? ` for ${hosts.join(', ')}` : ''
      return ['public', `${place} (${protocol})${names} to ${hybridConnection}   ingress ${namespace}/${name}`] as const
    })
  const left = ports.length - rows.length
  return left > 0 ? [...rows, ['public', `and ${left} more`]] : rows
}

function formatAdministrator({ clientId, secretFile, clientSecret }: AdministratorFacts): string {
  return `admin, client id ${clientId}, secret ${secretFile === null ? clientSecret : `in ${secretFile}`}`
}

/** Lines for a shell that make clients trust the CA; empty when there is none of ours. */
export function formatTrust({ caFile }: ReadyFacts): string {
  if (caFile === null) return ''
  const file = shellQuote(caFile)
  return `
Clients must trust the CA file:
  export NODE_EXTRA_CA_CERTS=${file}   # Node.js: hyco-ws, hyco-https, postern bridge
  export SSL_CERT_FILE=${file}         # .NET, Go, Ruby and OpenSSL on Linux, in place of the system's own
  export REQUESTS_CA_BUNDLE=${file}    # Python
  keytool -importcert -noprompt -alias postern -storepass changeit -keystore postern.jks -file ${file}   # Java
`
}

/** What `postern bridge` needs to be told about TLS, with a space behind it. */
export function bridgeTrustFlags({ data, caFile }: ReadyFacts): string {
  if (caFile !== null) return `--tls-ca ${shellQuote(caFile)} `
  return data.startsWith('http:') ? '--no-tls ' : ''
}

/** The connection strings of every hybrid connection. */
export function formatConnectionStrings({ hybridConnections }: Pick<ReadyFacts, 'hybridConnections'>): string {
  const blocks = hybridConnections.map(
    ({ namespace, name, listen, send }) =>
      `  ${namespace}/${name}\n    listen  ${listen ?? noRule('Listen')}\n    send    ${send ?? noRule('Send')}\n`,
  )
  return blocks.length === 0 ? '' : `\nConnection strings:\n${blocks.join('')}`
}

function formatRows(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join('')
}

function noRule(right: string): string {
  return `(no rule with the right ${right})`
}
