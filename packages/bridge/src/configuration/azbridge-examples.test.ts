import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressOf } from '../forward.ts'
import { parseHttpForward, parseLocalForward, parseOldRemoteForward, parseRemoteForward } from '../parse-forward.ts'
import type { BridgeConfiguration } from './configuration.ts'
import { parseConfiguration } from './parse-configuration.ts'

// Every command line and file that azbridge's README.md, CONFIG.md, INSTALLATION.md, examples and tests show (693a395), and the
// bindings that azbridge's own parser makes of them: its source, compiled and asked. `-` stands for azbridge's "localhost" of
// a local binding. Where its documents and its parser disagree, the documents count, and the row says so.

const localBindings = (text: string): string[] =>
  parseLocalForward(text).bindings.map((binding) => {
    if (binding.protocol === 'unix') return `${binding.socketPath} ${binding.portName}`
    return `${binding.host ?? '-'} ${binding.port}${binding.protocol === 'udp' ? 'U' : ''} ${binding.portName}`
  })

for (const [text, ...bindings] of [
  ['16161:db', '- 16161 16161'],
  ['127.3.2.1:5000:myname', '127.3.2.1 5000 5000'],
  ['127.1.2.3:1433:relay', '127.1.2.3 1433 1433'],
  ['192.168.0.6:1433:relay', '192.168.0.6 1433 1433'],
  ['127.0.5.1:1433:sql-corp-example-com', '127.0.5.1 1433 1433'],
  ['sql.corp.example.com:16161:db', 'sql.corp.example.com 16161 16161'],
  ['127.0.0.8:16161/sql1;127.0.0.9:16161/sql2:db', '127.0.0.8 16161 sql1', '127.0.0.9 16161 sql2'],
  ['3434U:relay', '- 3434U 3434U'],
  ['13389/rdp:relay', '- 13389 rdp'],
  ['7777;7777U:relay', '- 7777 7777', '- 7777U 7777U'],
  ['127.0.9.1:3306/test:a2', '127.0.9.1 3306 test'],
  ['127.0.9.1:8088/test:a1', '127.0.9.1 8088 test'],
  ['127.0.100.1:8008:foo', '127.0.100.1 8008 8008'],
  ['3000U:foobar', '- 3000U 3000U'],
  ['name:baz', 'name name'],
] as const) {
  test(`-L ${text}`, () => assert.deepEqual(localBindings(text), bindings))
}

const targets = (forward: ReturnType<typeof parseRemoteForward>): string[] => [
  ...forward.targets.map((target) => `${addressOf(target)} ${'portName' in target ? target.portName : ''}`),
  ...(forward.httpTargets ?? []).map(({ protocol, host, port, path }) => `${protocol} ${host} ${port} ${path}`),
]

for (const [text, ...expected] of [
  ['db:16161', 'localhost:16161 16161'],
  ['myname:10.1.2.3:5000', '10.1.2.3:5000 5000'],
  ['sql-corp-example-com:sql.corp.example.com:1433', 'sql.corp.example.com:1433 1433'],
  [
    'db:sql1/sql1.corp.example.com:16161;sql2/sql2.corp.example.com:16161',
    'sql1.corp.example.com:16161 sql1',
    'sql2.corp.example.com:16161 sql2',
  ],
  ['relay:rdp/3389', 'localhost:3389 rdp'],
  ['relay:13389/3389', 'localhost:3389 13389'],
  ['relay:3434U', 'localhost:3434U 3434U'],
  ['relay:7777;7777U', 'localhost:7777 7777', 'localhost:7777U 7777U'],
  ['relay1:port/1000', 'localhost:1000 port'],
  ['relay2:port/name:1000', 'name:1000 port'],
  ['relay4:sock', 'sock sock'],
  ['relay:port/sock', 'sock port'],
  ['bar3:port/10.1.1.1:123', '10.1.1.1:123 port'],
] as const) {
  test(`-T ${text}`, () => assert.deepEqual(targets(parseRemoteForward(text)), expected))
}

for (const [text, expected] of [
  ['a2:test/3306', 'localhost:3306 test'],
  ['relay1:port/1000', 'localhost:1000 port'],
  ['relay2:name:port/1000', 'name:1000 port'],
  ['relay3:1000', 'localhost:1000 1000'],
  ['relay4:sock', 'sock sock'],
  ['foobar:3000U', 'localhost:3000U 3000U'],
  ['foobar/foobar:3000', 'localhost:3000 3000'],
  ['bar1:10.1.1.1:123', '10.1.1.1:123 123'],
] as const) {
  test(`-R ${text}`, () => assert.deepEqual(targets(parseOldRemoteForward(text)), [expected]))
}

for (const [text, ...expected] of [
  // The documents say: port 443 of this machine. The parser makes a host "443" of it, which nobody has.
  ['latavola:https/443', 'https localhost 443 /'],
  ['foo5:https/service.example.com', 'https service.example.com 443 /'],
  ['bar5:http/service.example.com:81', 'http service.example.com 81 /'],
  ['baz5:http/service.example.com', 'http service.example.com 80 /'],
  ['abc/def:http/service.example.com/foo', 'http service.example.com 80 /foo/'],
  [
    'ghi/jkl:http/service1.example.com/foo;http/service2.example.com/foo',
    'http service1.example.com 80 /foo/',
    'http service2.example.com 80 /foo/',
  ],
] as const) {
  test(`-H ${text}`, () => assert.deepEqual(targets(parseHttpForward(text)), expected))
}

function read(text: string): BridgeConfiguration {
  return parseConfiguration(text, 'azbridge_config.yml')
}

test('the file that its packages install, all keys there and nearly all without a value, with a byte order mark', () => {
  const keys = [
    'AddressFamily',
    'AzureRelayConnectionString',
    'AzureRelayEndpoint',
    'AzureRelaySharedAccessKeyName',
    'AzureRelaySharedAccessKey',
    'AzureRelaySharedAccessSignature',
    'BindAddress',
    'ClearAllForwardings',
    'ConnectionAttempts',
    'ConnectTimeout',
    'ExitOnForwardFailure',
    'GatewayPorts',
    'LocalForward',
  ]
  const file = `\uFEFF# Configuration\n\n${keys.map((key) => `${key} :\n`).join('\n')}
LogLevel : ERROR

LogFileName :${' '}

RemoteForward :
#   - RelayName: a1
#     Host: localhost
#     HostPort: 443
`
  assert.deepEqual(read(file), { logLevel: 'error', localForwards: [], remoteForwards: [], allowedTargets: [] })
})

test('the two ends of its SQL Server example', () => {
  const connectionString = 'Endpoint=sb://relay.example.test/;SharedAccessKeyName=n;SharedAccessKey=k'
  const head = `AzureRelayConnectionString : ${connectionString}\n\n`
  const client = read(`${head}LocalForward :
   - BindAddress: 127.0.0.2
     BindPort: 1433
     PortName: tds
     RelayName: sql

LogLevel: INFO`)
  assert.deepEqual(client.localForwards, [parseLocalForward('127.0.0.2:1433/tds:sql')])
  assert.deepEqual([client.connectionString, client.logLevel], [connectionString, 'info'])
  const server = read(`${head}RemoteForward :
   - RelayName: sql
     Host: localhost
     PortName: tds
     HostPort: 1433
LogLevel: INFO`)
  assert.deepEqual(server.remoteForwards, [parseRemoteForward('sql:tds/1433')])
})

test('the two ends of its remote desktop example, each forward with a connection string of its own', () => {
  const connectionString = 'Endpoint=sb://relay.example.test/;SharedAccessKeyName=n;SharedAccessKey=k;EntityPath=pc'
  const { localForwards, remoteForwards } = read(`LocalForward :
   - BindAddress: 127.1.0.2
     BindPort: 13389
     PortName: rdp
     RelayName: pc
     ConnectionString: ${connectionString}
RemoteForward :
   - RelayName: pc
     Host: localhost
     PortName: rdp
     HostPort: 3389
     ConnectionString: ${connectionString}
`)
  assert.deepEqual(localForwards, [{ ...parseLocalForward('127.1.0.2:13389/rdp:pc'), connectionString }])
  assert.deepEqual(remoteForwards, [{ ...parseRemoteForward('pc:rdp/3389'), connectionString }])
})

test('several machines of several sites at addresses of their own', () => {
  const entry = (address: string, port: number, name: string, relay: string): string =>
    `\n  # ${name}\n  - BindAddress: ${address}\n    HostName: ${name}\n    BindPort: ${port}\n    RelayName: ${relay}\n`
  const { gatewayPorts, localForwards } = read(
    `---\nGatewayPorts : no\nLocalForward:\n${[
      entry('127.0.10.1', 3389, 'abcxyz.intra-de.example.com', 'abcxyzrdp'),
      entry('127.0.10.1', 1433, 'abcxyz.intra-de.example.com', 'abcxyzsql'),
      entry('127.0.10.2', 3389, 'defijk.intra-us.example.com', 'defijkrdp'),
      entry('127.0.10.3', 3389, 'ghiuvw.intra-jp.example.com', 'ghiuvwrdp'),
    ].join('')}`,
  )
  assert.equal(gatewayPorts, false)
  assert.deepEqual(
    localForwards,
    ['1:3389:abcxyzrdp', '1:1433:abcxyzsql', '2:3389:defijkrdp', '3:3389:ghiuvwrdp'].map((rest) =>
      parseLocalForward(`127.0.10.${rest}`),
    ),
  )
})

test('the machine itself, another machine of its network, and an address that others may use', () => {
  const { remoteForwards } = read(`---
GatewayPorts : no
RemoteForward:
  # this machine
  - RelayName: abcxyzrdp
    HostPort: 3389
# another one
  - RelayName: defijkrdp
    Host: defijk.intra-us.example.com
    HostPort: 3389
`)
  assert.deepEqual(remoteForwards, [
    parseRemoteForward('abcxyzrdp:3389'),
    parseRemoteForward('defijkrdp:defijk.intra-us.example.com:3389'),
  ])
  const { gatewayPorts, localForwards } = read(`---
GatewayPorts : true
LocalForward:
  - BindAddress: 10.10.100.2
    HostName: abcxyz.intra-de.example.com
    BindPort: 1433
    RelayName: abcxyzsql
`)
  assert.equal(gatewayPorts, true)
  assert.deepEqual(localForwards, [parseLocalForward('10.10.100.2:1433:abcxyzsql')])
})
