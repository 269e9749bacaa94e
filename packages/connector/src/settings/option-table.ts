import type { OptionTable, OptionValues } from '@postern/program'

/**
 * Every option of the connector but its endpoints: the only place of its names, form, default and meaning. The name is the
 * one in the file; the flag and the environment name are spelt from it.
 */
export const connectorOptionTable = {
  apps: {
    group: 'Endpoints',
    flag: 'app',
    env: 'POSTERN_CONNECTOR_APPS',
    type: 'list',
    default: [],
    help: 'Files with the credential of an app, as `postern webapp identity credential create` prints it. The hybrid connections of the app are followed live.',
    example: '/run/secrets/app.json',
  },
  framing: {
    group: 'Endpoints',
    flag: 'framing',
    env: 'POSTERN_CONNECTOR_FRAMING',
    type: 'enum',
    values: ['raw', 'azbridge'],
    default: 'raw',
    help: 'raw: bare bytes, as Hybrid Connection Managers expect them. azbridge: behind its preamble. Both ends must agree; an endpoint of the file may have its own.',
  },
  hosts: {
    group: 'Ways in',
    flag: 'hosts',
    env: 'POSTERN_CONNECTOR_HOSTS',
    type: 'boolean',
    default: false,
    help: 'Writes the names of the endpoints into the hosts file while the connector runs: every program of this machine sees them. Needs the right to write that file.',
  },
  hostsFile: {
    group: 'Ways in',
    flag: 'hosts-file',
    env: 'POSTERN_CONNECTOR_HOSTS_FILE',
    type: 'string',
    default: '/etc/hosts',
    help: 'The hosts file: where --hosts writes, and where the addresses of other hosts stand.',
    example: '/var/lib/container/etc/hosts',
  },
  dns: {
    group: 'Ways in',
    flag: 'dns',
    env: 'POSTERN_CONNECTOR_DNS',
    type: 'string',
    help: 'ADDRESS:PORT at which names of endpoints are answered by DNS (UDP and TCP); all other questions go to the resolvers of the system.',
    example: '127.0.0.1:5300',
  },
  answer: {
    group: 'Ways in',
    flag: 'answer',
    env: 'POSTERN_CONNECTOR_ANSWER',
    type: 'string',
    help: 'Address of this machine that DNS answers for every endpoint, and at which their ports are opened, for programs that cannot reach its loopback addresses. A port number then belongs to one endpoint.',
    example: '172.17.0.1',
  },
  resolvers: {
    group: 'Ways in',
    flag: 'resolver',
    env: 'POSTERN_CONNECTOR_RESOLVERS',
    type: 'list',
    default: [],
    help: 'ADDRESS[:PORT] of the resolvers that are asked what is no endpoint. Without it: those of /etc/resolv.conf.',
    example: '10.0.0.2',
  },
  dnsClients: {
    group: 'Ways in',
    flag: 'dns-client',
    env: 'POSTERN_CONNECTOR_DNS_CLIENTS',
    type: 'list',
    default: [],
    help: 'Networks besides this machine that may ask by DNS. Everybody else is refused: an open resolver is used for attacks on others.',
    example: '172.16.0.0/12',
  },
  stateDir: {
    group: 'Program',
    flag: 'state-dir',
    env: 'POSTERN_CONNECTOR_DIR',
    type: 'string',
    help: 'Folder of the control socket and of what is remembered: loopback addresses, endpoints. One connector per folder. Without it: /var/lib/postern-connector for root, else below the home folder.',
    example: '/var/lib/postern-connector',
  },
  tls: {
    group: 'Program',
    flag: 'tls',
    env: 'POSTERN_CONNECTOR_TLS',
    type: 'boolean',
    default: true,
    help: 'TLS to the relays. Off only for relays with --tls off: tokens travel readable then.',
  },
  tlsCa: {
    group: 'Program',
    flag: 'tls-ca',
    env: 'POSTERN_CONNECTOR_TLS_CA',
    type: 'string',
    help: 'PEM file of a certificate authority to trust, besides the public ones.',
    example: '.postern/certificates/development-ca.pem',
  },
  grace: {
    group: 'Program',
    flag: 'grace',
    env: 'POSTERN_CONNECTOR_GRACE',
    type: 'duration',
    default: '10s',
    help: 'How long open connections may go on when a service manager stops the connector. Ctrl-C cuts them.',
  },
  logLevel: {
    group: 'Program',
    flag: 'log-level',
    env: 'POSTERN_CONNECTOR_LOG_LEVEL',
    type: 'enum',
    values: ['error', 'warn', 'info', 'debug'],
    default: 'info',
    help: 'debug adds a line for each connection.',
  },
} as const satisfies OptionTable

/** Values of {@link connectorOptionTable}. */
export type ConnectorOptionValues = OptionValues<typeof connectorOptionTable>
