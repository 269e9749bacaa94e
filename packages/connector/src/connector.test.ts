import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { Bridge } from '@postern/bridge'
import { silentLogger } from '@postern/program'
import { Connector } from './connector.ts'
import {
  ask,
  connectionStringOf,
  dial,
  folderFor,
  freePort,
  signal,
  startBedRelay,
  startConnector,
  startService,
  until,
} from './connector-bed.contract.ts'
import { pingEndpoint } from './ping/ping-endpoint.ts'

test('many services on one port number are reached side by side, each at an address of its own', async (t) => {
  await using relay = await startBedRelay([{ name: 'one' }, { name: 'two' }])
  await startService(t, relay, 'one')
  await startService(t, relay, 'two')
  const port = await freePort()
  const connector = await startConnector(t, [
    { endpoint: `one.corp:${port}`, connectionString: connectionStringOf(relay, 'one') },
    { endpoint: `two.corp:${port}`, connectionString: connectionStringOf(relay, 'two') },
  ])
  for (const name of ['one', 'two']) {
    const socket = await dial(connector, `${name}.corp`, port)
    assert.equal(await ask(socket, 'x'), `${name} x`)
    assert.match(socket.remoteAddress ?? '', /^127\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./)
  }
  const [one, two] = connector.addresses.values()
  assert.notEqual(one, two)
})

test('one program reaches three sites that use the same private address range', async (t) => {
  await using relay = await startBedRelay([{ name: 'north' }, { name: 'south' }, { name: 'west' }])
  const port = await freePort()
  const sites = ['north', 'south', 'west']
  for (const site of sites) await startService(t, relay, site, `10.0.0.5 of ${site}`)
  const connector = await startConnector(
    t,
    sites.map((site) => ({ endpoint: `db.${site}.corp:${port}`, connectionString: connectionStringOf(relay, site) })),
  )
  const answers = await Promise.all(sites.map(async (site) => ask(await dial(connector, `db.${site}.corp`, port), 'x')))
  assert.deepEqual(answers, ['10.0.0.5 of north x', '10.0.0.5 of south x', '10.0.0.5 of west x'])
})

test('a host keeps its loopback address over a restart', async (t) => {
  await using relay = await startBedRelay([{ name: 'db' }])
  const port = await freePort()
  const stateFolder = folderFor(t)
  const endpoints = [{ endpoint: `db.corp:${port}`, connectionString: connectionStringOf(relay, 'db') }]
  const first = await startConnector(t, endpoints, { stateFolder })
  const [before] = first.addresses.values()
  const other = createServer().listen(port, before?.replace(/\d+$/, '77'))
  t.after(() => other.close())
  await first.stop({ graceMs: 0 })
  const second = await startConnector(t, endpoints, { stateFolder })
  assert.deepEqual([...second.addresses], [['db.corp', before]])
})

test('a port that another program has at the address makes the host take another address', async (t) => {
  await using relay = await startBedRelay([{ name: 'db' }])
  const port = await freePort()
  const endpoints = [{ endpoint: `db.corp:${port}`, connectionString: connectionStringOf(relay, 'db') }]
  const usual = await startConnector(t, endpoints)
  const [address] = usual.addresses.values()
  const other = await startConnector(t, endpoints)
  assert.notEqual([...other.addresses.values()][0], address)
  assert.equal(other.status.endpoints[0]?.state, 'listening')
})

test('connectors that start at the same moment with one state folder have an address each, and warn of nothing', async (t) => {
  await using relay = await startBedRelay([{ name: 'db' }])
  const port = await freePort()
  const endpoints = [{ endpoint: `db.corp:${port}`, connectionString: connectionStringOf(relay, 'db') }]
  const warnings: unknown[] = []
  const logger = { ...silentLogger, warn: (...warning: readonly unknown[]) => void warnings.push(warning) }
  const options = { stateFolder: folderFor(t), logger }
  const connectors = await Promise.all(Array.from({ length: 8 }, () => startConnector(t, endpoints, options)))
  assert.deepEqual(
    connectors.map(({ status }) => status.endpoints[0]?.state),
    connectors.map(() => 'listening'),
  )
  assert.equal(new Set(connectors.flatMap(({ addresses }) => [...addresses.values()])).size, connectors.length)
  assert.deepEqual(warnings, [])
  assert.deepEqual(readdirSync(options.stateFolder), ['connector.json'])
})

test('a port that another program has at all addresses is said, and had as soon as it is free', async (t) => {
  await using relay = await startBedRelay([{ name: 'db' }])
  await startService(t, relay, 'db')
  const port = await freePort()
  const other = createServer().listen(port, '0.0.0.0')
  await once(other, 'listening')
  const connector = await startConnector(t, [
    { endpoint: `db.corp:${port}`, connectionString: connectionStringOf(relay, 'db') },
  ])
  const [status] = connector.status.endpoints
  assert.equal(status?.state, 'failed')
  assert.match(status?.problem ?? '', /another program has this port/)
  other.close()
  await until(() => connector.status.endpoints[0]?.state === 'listening')
  assert.equal(await ask(await dial(connector, 'db.corp', port), 'x'), 'db x')
})

test('names match in any case, with a dot at the end, and below the domains that are searched', async (t) => {
  await using relay = await startBedRelay([{ name: 'db' }])
  await startService(t, relay, 'db')
  const endpoint = { endpoint: 'DB.Corp:5432', connectionString: connectionStringOf(relay, 'db') }
  const connector = await startConnector(t, [endpoint], { listen: false, searchDomains: ['example.test', 'corp'] })
  for (const host of ['db.corp', 'DB.CORP', 'db.corp.', 'db']) {
    const stream = await connector.connect({ host, port: 5432, signal: signal() })
    assert.equal(await ask(stream, 'x'), 'db x', host)
    stream.on('error', () => {}).destroy()
  }
  for (const host of ['db.', 'corp', 'x.db.corp', 'db.example.test']) {
    assert.equal(connector.has({ host, port: 5432 }), false, host)
  }
})

test('every name below a wildcard has an address of its own; the name itself has none', async (t) => {
  await using relay = await startBedRelay([{ name: 'all' }, { name: 'db' }])
  await startService(t, relay, 'all')
  await startService(t, relay, 'db')
  const port = await freePort()
  const connector = await startConnector(t, [
    { endpoint: `*.corp:${port}`, connectionString: connectionStringOf(relay, 'all') },
    { endpoint: `db.corp:${port}`, connectionString: connectionStringOf(relay, 'db') },
  ])
  assert.equal(await ask(await dial(connector, 'a.corp', port), 'x'), 'all x')
  assert.equal(await ask(await dial(connector, 'b.c.corp', port), 'x'), 'all x')
  assert.equal(await ask(await dial(connector, 'db.corp', port), 'x'), 'db x')
  assert.equal(new Set(connector.addresses.values()).size, 3)
  assert.equal(await connector.addressOf('corp'), undefined)
  assert.equal(await connector.addressOf('evilcorp'), undefined)
})

test('the endpoint is asked of the relay where none is named, remembered, and followed when it changes', async (t) => {
  const port = await freePort()
  await using relay = await startBedRelay([{ name: 'db', endpoint: `db.corp:${port}` }])
  await startService(t, relay, 'db')
  const stateFolder = folderFor(t)
  const endpoints = [{ connectionString: connectionStringOf(relay, 'db', 'root') }]
  const connector = await startConnector(t, endpoints, { stateFolder })
  await until(() => connector.status.endpoints[0]?.state === 'listening')
  assert.equal(await ask(await dial(connector, 'db.corp', port), 'x'), 'db x')
  await connector.stop({ graceMs: 0 })
  await relay.relay.stop()
  const later = await startConnector(t, endpoints, { stateFolder })
  assert.deepEqual([...later.addresses.keys()], ['db.corp'])
})

test('a key that may not ask for the endpoint is said, and what to write instead', async (t) => {
  const relay = createHttpServer((_request, response) => {
    response.writeHead(401).end('<Error><Code>401</Code><Detail>Listen or Manage is needed</Detail></Error>')
  }).listen(0, '127.0.0.1')
  t.after(() => relay.close())
  await once(relay, 'listening')
  const { port } = relay.address() as AddressInfo
  const connectionString = `Endpoint=sb://127.0.0.1:${port}/;SharedAccessKeyName=send;SharedAccessKey=x;EntityPath=db`
  const connector = await startConnector(t, [{ connectionString }])
  await until(() => connector.status.problems.length > 0)
  assert.match(
    connector.status.problems[0] ?? '',
    /the key send may not ask for the endpoint \(Listen or Manage is needed\).*-x "HOST:PORT=/,
  )
})

test('what is no endpoint is refused with what there is', async (t) => {
  await using relay = await startBedRelay([{ name: 'db' }])
  const connector = await startConnector(
    t,
    [{ endpoint: 'db.corp:5432', connectionString: connectionStringOf(relay, 'db') }],
    { listen: false },
  )
  await assert.rejects(connector.connect({ host: 'db.corp', port: 8080 }), {
    code: 'ResourceNotFound',
    message: 'db.corp:8080 is not configured; of this host the connector has db.corp:5432',
  })
  await assert.rejects(connector.connect({ host: 'web.corp', port: 80 }), {
    message: 'web.corp:80 is no endpoint of this connector; it has db.corp:5432',
  })
})

test('an endpoint on the host of its own relay is refused: the connector would call itself', () => {
  const connectionString = 'Endpoint=sb://relay.test/;EntityPath=db'
  assert.throws(() => new Connector({ endpoints: [{ endpoint: 'Relay.test:5432', connectionString }] }), {
    code: 'InvalidConfiguration',
    message: /would lead the connector to itself/,
  })
  assert.throws(() => new Connector({ endpoints: [{ endpoint: 'db.corp', connectionString }] }), /is no endpoint/)
})

test('an endpoint on the host of a relay is refused whoever names it, and no wildcard leads to a relay', async (t) => {
  const at = (host: string, name: string): string =>
    `Endpoint=sb://${host}/;SharedAccessKeyName=send;SharedAccessKey=x;EntityPath=${name}`
  const endpoints = [
    { endpoint: 'two.test:443', connectionString: at('one.test', 'a'), origin: 'the first' },
    { endpoint: '*.test:5432', connectionString: at('two.test', 'b') },
    { endpoint: 'db.corp:5432', connectionString: at('one.test', 'c') },
  ]
  const connector = await startConnector(t, endpoints, { listen: false })
  assert.equal(connector.hostOf('two.test'), undefined)
  assert.equal(connector.hostOf('one.test'), undefined)
  assert.equal(connector.hostOf('three.test'), 'three.test')
  assert.match(connector.status.problems.join(), /^two\.test:443 \(the first\) is on the host of a relay/)
})

test('with our own listener streams share a carrier, and a stream that is open has come to the service', async (t) => {
  await using relay = await startBedRelay([{ name: 'db' }])
  const service = createServer((socket) => socket.on('error', () => {}).on('data', () => socket.write('service')))
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
  t.after(() => service.close())
  const { port: servicePort } = service.address() as AddressInfo
  const bridge = new Bridge({
    relay: { connectionString: connectionStringOf(relay, 'db', 'root'), tls: false },
    remoteForwards: [`db:127.0.0.1:${servicePort}`],
    framing: 'raw',
  })
  await bridge.start()
  t.after(() => bridge.stop({ graceMs: 0 }))
  await bridge.online(signal())
  const port = await freePort()
  const connector = await startConnector(t, [
    { endpoint: `db.corp:${port}`, connectionString: connectionStringOf(relay, 'db') },
  ])
  assert.equal(connector.demandRoute({ host: 'db.corp', port }).isDialedFirst, false)
  const stream = await connector.connect({ host: 'db.corp', port })
  stream.on('error', () => {})
  assert.equal(await ask(stream, 'x'), 'service')
  assert.equal(await ask(await dial(connector, 'db.corp', port), 'x'), 'service')
  assert.equal(connector.demandRoute({ host: 'db.corp', port }).isDialedFirst, true)
  assert.equal((await pingEndpoint(connector, { host: 'db.corp', port })).result, 'answers')
})

test('a UDP endpoint is reached by its name when the other end is our bridge', async (t) => {
  await using relay = await startBedRelay([{ name: 'dns' }])
  const service = createSocket('udp4')
  service.on('message', (datagram, from) => service.send(`got ${datagram.toString()}`, from.port, from.address))
  service.bind(0, '127.0.0.1')
  await once(service, 'listening')
  t.after(() => service.close())
  const bridge = new Bridge({
    relay: { connectionString: connectionStringOf(relay, 'dns', 'root'), tls: false },
    remoteForwards: [`dns:127.0.0.1:${service.address().port}U`],
  })
  await bridge.start()
  t.after(() => bridge.stop({ graceMs: 0 }))
  await bridge.online(signal())
  const port = await freePort()
  const connectionString = connectionStringOf(relay, 'dns')
  const connector = await startConnector(t, [{ endpoint: `dns.corp:${port}U`, connectionString, framing: 'azbridge' }])
  const client = createSocket('udp4')
  t.after(() => client.close())
  client.send('question', port, await connector.addressOf('dns.corp'))
  const [answer] = await once(client, 'message', { signal: signal() })
  assert.equal(String(answer), 'got question')
})
