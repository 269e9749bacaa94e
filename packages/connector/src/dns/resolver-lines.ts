import { parseSocketPlace } from './socket-address.ts'

/** What {@link resolverLines} are written for. */
export interface ResolverLinesOptions {
  /** `--dns` */
  readonly dns: string
  /** `--answer` */
  readonly answer: string | undefined
  /** Names of endpoints, wildcards as such. */
  readonly hosts: readonly string[]
}

const dnsPort = 53

/**
 * The lines that lead the resolvers of systemd, Docker and Kubernetes to the connector, to be pasted.
 *
 * @throws {RelayError} InvalidConfiguration
 */
export function resolverLines({ dns, answer, hosts }: ResolverLinesOptions): string {
  const { address, port } = parseSocketPlace(dns, 'dns')
  const domains = hosts.map((host) => `~${host.replace(/^\*\./, '')}`).join(' ') || '~NAME-OF-AN-ENDPOINT'
  const portHint =
    port === dnsPort ? '' : `# These know no other port than 53: run the connector with --dns ${address}:53.\n`
  const outside = answer ?? 'ADDRESS-OF-THIS-MACHINE'
  return `# systemd-resolved: /etc/systemd/resolved.conf.d/postern.conf, then: systemctl restart systemd-resolved
[Resolve]
DNS=${address.includes(':') ? `[${address}]` : address}${port === dnsPort ? '' : `:${port}`}
Domains=${domains}

${portHint}# /etc/resolv.conf, before the other resolvers
nameserver ${address}

# Docker, the connector on its host: postern connector --dns ${outside}:53 --answer ${outside} --dns-client 172.16.0.0/12
docker run --dns ${outside} IMAGE

# Kubernetes, the connector as a sidecar with --dns 127.0.0.1:53 --resolver ADDRESS-OF-THE-CLUSTER-DNS
spec:
  dnsPolicy: None
  dnsConfig:
    nameservers: [127.0.0.1]
    searches: [NAMESPACE.svc.cluster.local, svc.cluster.local, cluster.local]
    options: [{ name: ndots, value: "5" }]
`
}
