import { networkFlagTable, type OptionTable } from '@postern/program'

/**
 * Every option of `hcm run`: the only place of its names, form, default and meaning. The name is the one in the file; the
 * flag and the environment name are spelt from it.
 */
export const hcmOptionTable = {
  stateDir: {
    group: 'State',
    flag: 'state-dir',
    env: 'POSTERN_HCM_DIR',
    type: 'string',
    help: 'Folder of the state, the key of this machine, the log and the control socket. Without it: /var/lib/postern-hcm for root, else postern-hcm in XDG_STATE_HOME (~/.local/state); on Windows Postern\\hcm in ProgramData. All commands take it.',
    example: '/var/lib/postern-hcm',
  },
  tls: {
    group: 'Relays',
    flag: 'tls',
    env: 'POSTERN_HCM_TLS',
    type: 'boolean',
    default: true,
    help: 'TLS to relays. Without it tokens travel readable: only for relays with --tls off on the same machine or behind something that encrypts.',
  },
  tlsCa: {
    group: 'Relays',
    flag: 'tls-ca',
    env: 'POSTERN_HCM_TLS_CA',
    type: 'list',
    default: [],
    help: sentence(networkFlagTable.tlsCa.help),
    example: '/etc/postern/ca.pem',
  },
  proxy: {
    group: 'Relays',
    flag: 'proxy',
    env: 'POSTERN_HCM_PROXY',
    type: 'string',
    help: sentence(networkFlagTable.proxy.help),
    example: '@/etc/postern/proxy',
  },
  entityInterval: {
    group: 'Relays',
    flag: 'entity-interval',
    env: 'POSTERN_HCM_ENTITY_INTERVAL',
    type: 'duration',
    default: '30s',
    min: 1_000,
    help: 'How often a relay is asked where its hybrid connections lead. Relays of Postern say it with every sender besides.',
  },
  reportInterval: {
    group: 'Relays',
    flag: 'report-interval',
    env: 'POSTERN_HCM_REPORT_INTERVAL',
    type: 'duration',
    default: '8s',
    min: 1_000,
    max: 30_000,
    help: 'How often a relay that was joined is told how the targets are.',
  },
  carriers: {
    group: 'Relays',
    flag: 'carriers',
    env: 'POSTERN_HCM_CARRIERS',
    type: 'enum',
    values: ['auto', 'off'],
    default: 'auto',
    help: 'auto: many connections of a bridge or connector of ours share few relayed connections and outlive them. off: each has its own, as with other senders.',
  },
  probeInterval: {
    group: 'Targets',
    flag: 'probe-interval',
    env: 'POSTERN_HCM_PROBE_INTERVAL',
    type: 'duration',
    default: '5s',
    min: 500,
    help: 'How often a target is tried that nobody uses. With the default its death is seen within 10 s.',
  },
  drainTimeout: {
    group: 'Targets',
    flag: 'drain-timeout',
    env: 'POSTERN_HCM_DRAIN_TIMEOUT',
    type: 'duration',
    default: '10s',
    max: 600_000,
    help: 'How long open streams may go on after SIGTERM; Ctrl-C cuts them.',
  },
  logLevel: {
    group: 'Log',
    flag: 'log-level',
    env: 'POSTERN_HCM_LOG_LEVEL',
    type: 'enum',
    values: ['error', 'warn', 'info', 'debug'],
    default: 'info',
    help: 'error: somebody must act; warn: degraded; info: what begins and ends; debug: a line for each stream.',
  },
  logFormat: {
    group: 'Log',
    flag: 'log-format',
    env: 'POSTERN_HCM_LOG_FORMAT',
    type: 'enum',
    values: ['text', 'json'],
    default: 'text',
    help: 'What is written to standard error: lines for people, or one JSON object a line.',
  },
  logMaxBytes: {
    group: 'Log',
    flag: 'log-max-bytes',
    env: 'POSTERN_HCM_LOG_MAX_BYTES',
    type: 'bytes',
    default: '10MiB',
    help: 'What the log in the state folder, which `hcm logs` shows, may take on the disk, the older half of it included. 0 writes none.',
  },
} as const satisfies OptionTable

/** Help texts of other flags begin small and end without a full stop. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
