import { inNamespace, nameOf } from '../flags.ts'
import type { ManagedCommand, ManagedFlag, ManagedGroup } from '../managed-command.ts'
import { createIngress, updateIngress } from './write-ingress.ts'

const name = nameOf('entry', 'path.ingressName')
const columns = {
  Name: 'name',
  Port: 'properties.boundPort || properties.port',
  Protocol: 'properties.protocol',
  Names: "join(', ', properties.sni || properties.hosts || `[]`)",
  HybridConnection: 'properties.hybridConnection',
  Origin: 'properties.origin',
  State: 'properties.provisioningState',
  Message: 'properties.statusMessage',
}

const list = (long: string, value: string, help: string): ManagedFlag => ({
  long,
  value,
  help,
  kind: 'list',
  to: 'run',
})
const file = (long: string, help: string): ManagedFlag => ({
  long,
  value: '@FILE',
  help: `${help}, in PEM`,
  to: 'run',
})
const count = (long: string, help: string): ManagedFlag => ({ long, value: 'COUNT', help, kind: 'integer', to: 'run' })

const hybridConnection: ManagedFlag = {
  long: 'hybrid-connection',
  value: 'NAME',
  help: 'where it leads to',
  to: 'run',
}

const port: ManagedFlag = {
  long: 'port',
  value: 'PORT',
  help: 'public port, one that the relay grants (--ingress-ports)',
  kind: 'integer',
  to: 'run',
}

/** Called as the members of the body, in words with hyphens: write-ingress.ts takes them by that. */
const settings: readonly ManagedFlag[] = [
  { long: 'protocol', value: 'NAME', help: 'default: tcp', choices: ['tcp', 'udp'], to: 'run' },
  { long: 'address', value: 'IP', help: 'address to bind; default: all of the machine', to: 'run' },
  list('sni', 'HOST', 'TLS server names that go this way; others may share the port'),
  list('hosts', 'HOST', 'HTTP hosts that go this way; others may share the port'),
  {
    long: 'tls',
    value: 'WORD',
    help: 'terminate ends TLS at the relay, with --certificate and --private-key; default: pass',
    choices: ['pass', 'terminate'],
    to: 'run',
  },
  file('certificate', 'chain of certificates, that of the names first'),
  file('private-key', 'its key; the relay never tells it'),
  file('client-authority', 'authority whose client certificates may pass; "" for none'),
  list('allow', 'ADDRESS', 'addresses and networks that may come; "" for none'),
  {
    long: 'users',
    value: 'NAME=HASH',
    help: 'people who may pass by password, with what `postern ingress password` prints; without =HASH the one that the user has',
    kind: 'list',
    to: 'run',
  },
  {
    long: 'access',
    value: 'WORD',
    help: 'open lets everybody in; guarded needs --allow or --users',
    choices: ['open', 'guarded'],
    to: 'run',
  },
  {
    long: 'framing',
    value: 'NAME',
    help: 'of listeners that are none of ours; default: raw',
    choices: ['raw', 'azbridge'],
    to: 'run',
  },
  { long: 'target', value: 'HOST:PORT', help: 'what a listener of ours is asked for; "" for its only one', to: 'run' },
  { long: 'port-name', value: 'NAME', help: "what azbridge's preamble asks for", to: 'run' },
  {
    long: 'proxy-protocol',
    value: 'VERSION',
    help: 'header towards the target, before all bytes or before each datagram',
    choices: ['v2'],
    to: 'run',
  },
  list('trusted-proxies', 'ADDRESS', 'load balancers that must send a PROXY header; "" for none'),
  count('max-connections', 'connections at once'),
  count('max-connections-per-source', 'the same of one source'),
  count('connections-per-second-per-source', 'new connections a second of one source'),
]

const words = 'relay ingress'
const place = '--namespace-name contoso -g demo'

export const ingressGroups: readonly ManagedGroup[] = [
  { words, summary: 'Public ports of the relay that lead to hybrid connections.' },
]

/** `postern relay ingress ...` */
export const ingressCommands: readonly ManagedCommand[] = [
  {
    words: `${words} create`,
    summary: 'Opens a public port or a name on it, or replaces an entry.',
    flags: [
      name,
      ...inNamespace,
      { ...hybridConnection, isRequired: true },
      { ...port, isRequired: true },
      ...settings,
    ],
    does: createIngress,
    columns,
    examples: [
      `-n database ${place} --hybrid-connection db --port 8432 --allow 203.0.113.0/24`,
      `-n shop ${place} --hybrid-connection shop --port 443 --sni shop.example.com --access open`,
      `-n intranet ${place} --hybrid-connection intranet --port 443 --hosts intranet.example.com --tls terminate --certificate @site.pem --private-key @site-key.pem --client-authority @staff.pem`,
    ],
  },
  {
    words: `${words} list`,
    summary: 'Lists the ingress entries of a namespace, and whether they are open.',
    flags: inNamespace,
    does: 'Ingress_ListByNamespace',
    columns,
    examples: [place, `${place} --query "[?properties.provisioningState=='Failed'].name" -o tsv`],
  },
  {
    words: `${words} show`,
    summary: 'Shows an ingress entry.',
    flags: [name, ...inNamespace],
    does: 'Ingress_Get',
    columns,
    examples: [`-n database ${place}`],
  },
  {
    words: `${words} update`,
    summary: 'Changes an ingress entry; what is not named stays.',
    flags: [name, ...inNamespace, hybridConnection, port, ...settings],
    does: updateIngress,
    columns,
    examples: [
      `-n database ${place} --allow 203.0.113.0/24 198.51.100.7`,
      `-n database ${place} --access open --allow ""`,
    ],
  },
  {
    words: `${words} delete`,
    summary: 'Closes a public port, or takes a name from it; devices are cut.',
    flags: [name, ...inNamespace],
    does: 'Ingress_Delete',
    confirmation: 'The port is closed, and its devices are cut.',
    examples: [`-n database ${place}`],
  },
]
