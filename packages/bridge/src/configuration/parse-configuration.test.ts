import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLocalForward, parseRemoteForward } from '../parse-forward.ts'
import { mergeConfigurations } from './configuration.ts'
import { parseConfiguration } from './parse-configuration.ts'

const parse = (text: string) => parseConfiguration(text, 'bridge.yml')
const tcp = (host: string | undefined, port: number, portName = String(port)) => ({
  protocol: 'tcp' as const,
  ...(host !== undefined && { host }),
  port,
  portName,
})

// The shapes of the examples in azbridge's CONFIG.md, with other names.

test('one local binding stands on the entry itself', () => {
  const text = `
LocalForward:
    - RelayName: orders
      BindAddress: 127.0.8.9
      BindPort: 9999
`
  assert.deepEqual(parse(text).localForwards, [{ relayName: 'orders', bindings: [tcp('127.0.8.9', 9999)] }])
  assert.deepEqual(parse(`${text}      NoAuthentication: true`).localForwards, [
    { relayName: 'orders', bindings: [tcp('127.0.8.9', 9999)], noAuthentication: true },
  ])
})

test('several local bindings stand in a list', () => {
  const { localForwards } = parse(`
LocalForward:
  - RelayName: queue
    Bindings:
      - BindAddress: 127.0.8.9
        BindPort: 5671
        PortName: amqps
      - BindAddress: 127.0.8.9
        BindPort: 5672
        PortName: amqp
      - BindLocalSocket: /run/queue.sock
      - BindPort: -5353
`)
  assert.deepEqual(localForwards, [
    {
      relayName: 'queue',
      bindings: [
        tcp('127.0.8.9', 5671, 'amqps'),
        tcp('127.0.8.9', 5672, 'amqp'),
        { protocol: 'unix', socketPath: '/run/queue.sock', portName: '/run/queue.sock' },
        { protocol: 'udp', port: 5353, portName: '5353U' },
      ],
    },
  ])
})

test('a remote binding stands on the entry itself, several in a list, and mean what -T means', () => {
  assert.deepEqual(
    parse('RemoteForward:\n  - RelayName: orders\n    Host: localhost\n    HostPort: 9999\n').remoteForwards,
    [parseRemoteForward('orders:9999')],
  )
  const { remoteForwards } = parse(`
RemoteForward:
   - RelayName: queue
     Bindings:
      - Host: broker.corp.example.test
        HostPort: 5671
        PortName: amqps
      - Host: broker.corp.example.test
        HostPort: 5672
        PortName: amqp
      - LocalSocket: /run/pg.sock
        PortName: pg
      - HostPort: -53
`)
  assert.deepEqual(remoteForwards, [
    parseRemoteForward(
      'queue:amqps/broker.corp.example.test:5671;amqp/broker.corp.example.test:5672;pg//run/pg.sock;53U',
    ),
  ])
})

test('several machines of several sites, GatewayPorts in YAML 1.1 words, names for people', () => {
  const { gatewayPorts, localForwards } = parse(`---
GatewayPorts : no
LocalForward:
  # desktop of a machine
  - BindAddress: 127.0.20.1
    HostName: alpha.intra-eu.example.test
    BindPort: 3389
    RelayName: alphardp
  - BindAddress: 127.0.20.2
    RemoteHostName: beta.intra-us.example.test
    BindPort: 3389
    RelayName: betardp
`)
  assert.equal(gatewayPorts, false)
  assert.deepEqual(localForwards, [
    parseLocalForward('127.0.20.1:3389:alphardp'),
    parseLocalForward('127.0.20.2:3389:betardp'),
  ])
  const remote = parse('GatewayPorts : true\nRemoteForward:\n  - RelayName: alphardp\n    HostPort: 3389\n')
  assert.equal(remote.gatewayPorts, true)
  assert.deepEqual(remote.remoteForwards, [parseRemoteForward('alphardp:3389')])
})

test('HTTP targets are told by Http, with path and Insecure', () => {
  const { remoteForwards } = parse(`
RemoteForward:
  - RelayName: web
    Http: true
    Host: intranet.example.test
    PortName: https
    Path: /v2
    Insecure: yes
`)
  assert.deepEqual(remoteForwards, [
    {
      relayName: 'web',
      targets: [],
      httpTargets: [{ protocol: 'https', host: 'intranet.example.test', port: 443, path: '/v2/', insecure: true }],
    },
  ])
})

test('every single value is read, JSON too', () => {
  const connectionString = 'Endpoint=sb://relay.example.test/;SharedAccessKeyName=n;SharedAccessKey=k'
  const all = {
    AddressFamily: 'inet6',
    AzureRelayConnectionString: connectionString,
    AzureRelayEndpoint: 'sb://other.example.test',
    AzureRelaySharedAccessKeyName: 'name',
    AzureRelaySharedAccessKey: 'a2V5',
    AzureRelaySharedAccessSignature: 'SharedAccessSignature sr=x',
    BindAddress: '10.0.0.1',
    ClearAllForwardings: false,
    ConnectionAttempts: 3,
    ConnectTimeout: 10,
    ExitOnForwardFailure: 'no',
    GatewayPorts: true,
    KeepAliveInterval: 20,
    LogLevel: 'VERBOSE',
    LogFileName: '/var/log/bridge.log',
    AllowedTargets: ['10.0.0.5:8000-8100'],
  }
  assert.deepEqual(parse(JSON.stringify(all)), {
    addressFamily: 'inet6',
    connectionString,
    endpoint: 'sb://other.example.test',
    keyName: 'name',
    key: 'a2V5',
    signature: 'SharedAccessSignature sr=x',
    bindAddress: '10.0.0.1',
    clearAllForwardings: false,
    connectionAttempts: 3,
    connectTimeoutSeconds: 10,
    exitOnForwardFailure: false,
    gatewayPorts: true,
    keepAliveIntervalSeconds: 20,
    logLevel: 'verbose',
    logFileName: '/var/log/bridge.log',
    localForwards: [],
    remoteForwards: [],
    allowedTargets: ['10.0.0.5:8000-8100'],
  })
})

test('a connection string of its own may name the relay', () => {
  const connectionString = 'Endpoint=sb://relay.example.test/;EntityPath=orders'
  const { localForwards } = parse(`LocalForward:\n  - ConnectionString: ${connectionString}\n    BindPort: 1\n`)
  assert.deepEqual(localForwards, [{ relayName: 'orders', connectionString, bindings: [tcp(undefined, 1)] }])
})

for (const [what, text, message] of [
  ['an unknown key', 'GatewayPort: true', /^bridge\.yml:1:1 unknown key GatewayPort; there are: AddressFamily, /],
  ['a key in other letters', 'gatewayPorts: true', /did you mean GatewayPorts\?/],
  [
    'an unknown key of a forward',
    'LocalForward:\n  - RelayName: a\n    BindPort: 1\n    Port: 2',
    /^bridge\.yml:4:5 unknown key Port/,
  ],
  [
    'a value of another kind',
    '\nConnectTimeout: soon',
    /^bridge\.yml:2:1 ConnectTimeout must be a whole number from 0 to 120$/,
  ],
  ['a number out of bounds', 'ConnectionAttempts: 11', /from 1 to 10/],
  ['a word that is none of them', 'AddressFamily: ipv4', /one of any, inet, inet6/],
  ['a forward without a relay', 'LocalForward:\n  - BindPort: 1', /^bridge\.yml:2:5 RelayName is missing/],
  [
    'a forward without a binding',
    'LocalForward:\n  - RelayName: a',
    /nothing to forward: BindPort or BindLocalSocket is missing/,
  ],
  ['a port out of bounds', 'LocalForward:\n  - RelayName: a\n    BindPort: 65536', /BindPort: "65536" is no port/],
  ['port 0', 'LocalForward:\n  - RelayName: a\n    BindPort: 0', /BindPort must be a port/],
  [
    'a binding on the entry and in a list',
    'LocalForward:\n  - RelayName: a\n    BindPort: 1\n    Bindings: [{BindPort: 2}]',
    /BindPort stands beside Bindings/,
  ],
  [
    'a socket and a port',
    'RemoteForward:\n  - RelayName: a\n    HostPort: 1\n    LocalSocket: x',
    /LocalSocket excludes Host and HostPort/,
  ],
  [
    'two bindings of one name',
    'RemoteForward:\n  - RelayName: a\n    Bindings: [{HostPort: 1}, {HostPort: 1, Host: b}]',
    /two bindings have the port name "1"/,
  ],
  ['a forward that is no map', 'LocalForward: [a]', /LocalForward must be a list of maps/],
  ['no list', 'LocalForward: a', /LocalForward must be a list/],
  ['no map', '- a', /must be a map/],
  ['no YAML', 'a: [', /is not valid YAML here/],
  [
    'a path without Http',
    'RemoteForward:\n  - RelayName: a\n    HostPort: 1\n    Path: /x',
    /Path is only for Http: true/,
  ],
  ['a wrong allow rule', 'AllowedTargets: [x]', /"x" must be HOST:PORT/],
] as const) {
  test(`${what} is refused with its place and what to write`, () => {
    assert.throws(() => parse(text), { code: 'InvalidConfiguration', message })
  })
}

test('all problems are told at once, by line', () => {
  assert.throws(
    () => parse('Foo: 1\nConnectTimeout: x\nLogLevel: loud'),
    (error: Error) => {
      assert.deepEqual(
        error.message.split('\n').map((line) => line.slice(0, 15)),
        ['bridge.yml:1:1 ', 'bridge.yml:2:1 ', 'bridge.yml:3:1 '],
      )
      return true
    },
  )
})

test('no secret is repeated in a message', () => {
  for (const text of [
    'AzureRelayConnectionString: Endpoint=nonsense;SharedAccessKey=SECRET',
    'LocalForward:\n  - RelayName: a\n    BindPort: 1\n    ConnectionString: SECRET',
    'AzureRelaySharedAccessKey: [SECRET]',
    'AzureRelaySharedAccessKey: "SECRET',
    'AzureRelaySharedAccessKey: SECRET: x',
    'AzureRelaySharedAccessKey: &SECRET *SECRET',
  ]) {
    assert.throws(
      () => parse(text),
      (error: Error) => !error.message.includes('SECRET') && error.message.startsWith('bridge.yml:'),
      text,
    )
  }
})

test('an empty file says nothing', () => {
  assert.deepEqual(parse('# nothing\n'), {})
})

test('what is put over a configuration replaces values, adds forwards, and may clear those before', () => {
  const under = parse('ConnectTimeout: 5\nLogLevel: info\nRemoteForward: [{RelayName: a, HostPort: 1}]')
  const over = parse('ConnectTimeout: 9\nRemoteForward: [{RelayName: b, HostPort: 2}]')
  const merged = mergeConfigurations(under, over)
  assert.deepEqual([merged.connectTimeoutSeconds, merged.logLevel], [9, 'info'])
  assert.deepEqual(
    merged.remoteForwards?.map(({ relayName }) => relayName),
    ['a', 'b'],
  )
  const cleared = mergeConfigurations(under, { ...over, clearAllForwardings: true })
  assert.deepEqual(
    cleared.remoteForwards?.map(({ relayName }) => relayName),
    ['b'],
  )
})
