import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { loadOptions, type OptionFlags, OptionsError } from '@postern/program'
import { maxListenersPerEntity, maxMessageBytes } from '@postern/protocol'
import { defaultRelayLimits } from './default-relay-limits.ts'
import { optionTable } from './option-table.ts'
import { type RelayConfig, relayConfig } from './relay-config.ts'

function configOf(flags: OptionFlags): RelayConfig {
  return relayConfig(loadOptions(optionTable, { flags }).values)
}

/** Names of the options that are complained about. */
function faultsOf(flags: OptionFlags): string[] {
  try {
    configOf(flags)
  } catch (error) {
    assert.ok(error instanceof OptionsError)
    return error.problems.map(({ where }) => where.split(' ')[0] ?? '')
  }
  return []
}

test('without options the relay has TLS by the development CA on the two development ports', () => {
  const { limits, ...config } = configOf({})
  assert.deepEqual(config, {
    dataPort: 8443,
    managementPort: 8444,
    sharesPort: false,
    managementHosts: [],
    publicHost: 'localhost',
    baseDomain: 'localhost',
    dataDir: '.postern',
    inMemory: false,
    ingressGrants: [],
    identity: { tokenLifetimeMs: 3_600_000, keyLifetimeMs: 30 * 86_400_000, oidcIssuers: [] },
    tls: { minVersion: 'TLSv1.2', certificates: [] },
    trustedProxies: [],
    proxyProtocol: false,
    forwardingHeader: 'x-forwarded-for',
    logLevel: 'info',
    logFormat: 'json',
    drainTimeoutMs: 30_000,
    hybridConnectionLimits: 'seed',
    soapTokens: false,
    audit: { retentionMs: 90 * 86_400_000, maxBytes: 2 ** 30 },
  })
  assert.deepEqual(limits, defaultRelayLimits)
})

test('the limits nobody configured are those that Azure documents or that the design sets', () => {
  assert.deepEqual(defaultRelayLimits, {
    maxListenersPerEntity,
    maxHeaderBytes: 65_536,
    maxHeaderCount: 200,
    handshakeTimeoutMs: 10_000,
    maxUnauthorizedConnections: 2000,
    maxUnauthorizedConnectionsPerAddress: 200,
    maxPendingOffersPerEntity: 1000,
    maxConnectionsPerNamespace: 100_000,
    acceptTimeoutMs: 30_000,
    httpResponseTimeoutMs: 60_000,
    tokenGraceMs: 300_000,
    refusalDelayMs: 1000,
    pingIntervalMs: 30_000,
    relayBufferBytes: 262_144,
    maxMessageBytes,
    messageQueueBytes: 262_144,
    maxMessagesPerSecond: 2000,
  })
})

test('every limit of the relay has a row in the table under its name', () => {
  const source = readFileSync(new URL('../domain/relay-limits.ts', import.meta.url), 'utf8')
  const names = [...source.matchAll(/^ {2}readonly (\w+): number$/gm)].map(([, name]) => name ?? '')
  assert.deepEqual(names.toSorted(), Object.keys(defaultRelayLimits).toSorted())
  for (const name of names) {
    const entry = Object.entries(optionTable).find(([option]) => option === name || `${option}Ms` === name)
    assert.ok(entry, name)
    const [option, row] = entry
    const type = name.endsWith('Ms') ? 'duration' : name.endsWith('Bytes') ? 'bytes' : 'integer'
    assert.equal(row.type, type, option)
  }
})

test('each limit is set by its own option', () => {
  for (const [name, value] of Object.entries(defaultRelayLimits)) {
    const option = name.replace(/Ms$/, '')
    const text = name.endsWith('Ms') ? `${value - 1}ms` : String(value - 1)
    assert.deepEqual(configOf({ [option]: text }).limits, { ...defaultRelayLimits, [name]: value - 1 })
  }
})

test('every option changes the settings', () => {
  const given: Record<string, string | string[]> = {
    bind: '127.0.0.1',
    publicPort: '444',
    advertise: 'wss://other.example.test:444',
    resources: 'r.yaml',
    publicHost: 'Relay.example.test',
    baseDomain: 'example.test',
    data: '/srv',
    inMemory: 'true',
    ingressPorts: '443,8000-8999',
    tls: 'off',
    tlsMinVersion: 'TLSv1.3',
    certificates: 'a.pem,a.key',
    acmeHosts: ['a.example.test'],
    acmeDirectory: 'https://acme.example.test',
    acmeEmail: 'ops@example.test',
    acmeChallenge: 'http-01',
    managementHosts: 'manage.example.test',
    trustedProxies: '10.0.0.0/8',
    proxyProtocol: 'true',
    forwardingHeader: 'forwarded',
    logLevel: 'debug',
    logFormat: 'text',
    drainTimeout: '1s',
    dataPort: '1',
    managementPort: '2',
    issuer: 'https://manage.example.test',
    tokenLifetime: '10m',
    tokenKeyLifetime: '7d',
    oidcIssuers: 'corp=https://login.test,audience=postern',
    hybridConnectionLimits: 'today',
    soapTokens: 'true',
    privatePort: '3',
    privateBind: '10.0.0.1',
    audit: 'off',
    auditRetention: '1d',
    auditMaxBytes: '64MiB',
    downloads: '/srv/releases',
    maxDownloads: '4',
  }
  const needs: Record<string, OptionFlags> = {
    acmeDirectory: { acmeHosts: 'a.example.test' },
    acmeEmail: { acmeHosts: 'a.example.test' },
    acmeChallenge: { acmeHosts: 'a.example.test' },
    proxyProtocol: { trustedProxies: '10.0.0.1' },
    privateBind: { privatePort: '3' },
    maxDownloads: { downloads: '/srv/releases' },
  }
  for (const name of Object.keys(optionTable)) {
    if (optionTable[name as keyof typeof optionTable].type === 'secret') continue
    // Needs a secret, which no flag can give: see below.
    if (name === 'webhookUrl') continue
    if (name in defaultRelayLimits || `${name}Ms` in defaultRelayLimits) continue
    const value = given[name]
    assert.ok(value !== undefined, `no example for ${name}`)
    assert.notDeepEqual(configOf({ ...needs[name], [name]: value }), configOf(needs[name] ?? {}), name)
  }
})

test('the master key comes from the environment and stays a secret', () => {
  const { values } = loadOptions(optionTable, { env: { POSTERN_MASTER_KEY: 'c2VjcmV0' } })
  assert.equal(relayConfig(values).masterKey?.reveal(), 'c2VjcmV0')
  assert.doesNotMatch(JSON.stringify(relayConfig(values)), /c2VjcmV0/)
})

test('the secret of the administrator stays a secret, and is no password that can be guessed', () => {
  const secret = '0123456789abcdef0123456789abcdef'
  const { values } = loadOptions(optionTable, { env: { POSTERN_BOOTSTRAP_ADMIN_SECRET: secret } })
  const { identity } = relayConfig(values)
  assert.equal(identity.administratorSecret?.reveal(), secret)
  assert.doesNotMatch(JSON.stringify(identity), /0123/)
  const short = loadOptions(optionTable, { env: { POSTERN_BOOTSTRAP_ADMIN_SECRET: 'hunter2' } })
  assert.throws(() => relayConfig(short.values), /32 to 256 characters/)
})

test('a webhook is https, or on this machine, and has a secret that stays one', () => {
  const env = { POSTERN_WEBHOOK_SECRET: '0123456789abcdef' }
  const load = (webhookUrl: string): RelayConfig =>
    relayConfig(loadOptions(optionTable, { flags: { webhookUrl }, env }).values)
  for (const url of ['https://ops.test/hook?x=y', 'http://127.0.0.1:9/', 'http://localhost/', 'http://[::1]:80/']) {
    const { webhook } = load(url)
    assert.deepEqual([webhook?.url, webhook?.secret.reveal()], [url, env.POSTERN_WEBHOOK_SECRET])
    assert.doesNotMatch(JSON.stringify(webhook), /0123/)
  }
  for (const url of [
    'http://ops.test/',
    'ftp://ops.test',
    'https://a:b@ops.test',
    'ops.test',
    'http://127.0.0.1.test',
  ]) {
    assert.throws(() => load(url), /webhookUrl/, url)
  }
  assert.deepEqual(faultsOf({ webhookUrl: 'https://ops.test/' }), ['webhookSecret'])
})

test('the issuer is an origin', () => {
  assert.equal(configOf({ issuer: 'https://Manage.test:443/' }).identity.issuer, 'https://manage.test')
  for (const issuer of ['manage.test', 'https://manage.test/path', 'wss://manage.test', 'https://a b']) {
    assert.deepEqual(faultsOf({ issuer }), ['issuer'])
  }
})

test('certificates are pairs of files, each for a host or the default', () => {
  const { tls } = configOf({ certificates: ['a.pem,a.key;*.Relay.Example=C:\\b.pem, C:\\b.key', 'x.test=c.pem,c.key'] })
  assert.deepEqual(tls?.certificates, [
    { certFile: 'a.pem', keyFile: 'a.key' },
    { host: '*.relay.example', certFile: 'C:\\b.pem', keyFile: 'C:\\b.key' },
    { host: 'x.test', certFile: 'c.pem', keyFile: 'c.key' },
  ])
  assert.deepEqual(faultsOf({ certificates: 'a.pem' }), ['certificates'])
  assert.deepEqual(faultsOf({ certificates: 'x=a,b;x=c,d' }), ['certificates'])
})

test('two doors on one port need the host names of the management door', () => {
  assert.deepEqual(faultsOf({ dataPort: '443', managementPort: '443' }), ['managementHosts'])
  const shared = configOf({ dataPort: '443', managementPort: '443', managementHosts: 'Manage.Example.test' })
  assert.equal(shared.sharesPort, true)
  assert.deepEqual(shared.managementHosts, ['manage.example.test'])
  assert.equal(configOf({ dataPort: '0', managementPort: '0' }).sharesPort, false)
})

test('what has no use or no effect without another option is refused', () => {
  assert.deepEqual(faultsOf({ tls: 'off', certificates: 'a,b', acmeHosts: 'a.test' }), ['certificates', 'acmeHosts'])
  assert.deepEqual(faultsOf({ proxyProtocol: true }), ['proxyProtocol'])
})

test('hosts, addresses and networks of the wrong form are all told at once', () => {
  const faults = faultsOf({
    publicHost: 'https://relay.test',
    baseDomain: 'relay.test:443',
    managementHosts: ['ok.test', 'a b'],
    ingressPorts: ['443', 'all'],
    advertise: 'wss://relay.test/path',
    acmeDirectory: 'http://acme.test',
    trustedProxies: ['10.0.0.0/33', 'fd00::/8', 'proxy.test'],
  })
  assert.deepEqual(faults, [
    'publicHost',
    'baseDomain',
    'managementHosts',
    'advertise',
    'acmeDirectory',
    'ingressPorts',
    'trustedProxies',
    'trustedProxies',
  ])
  for (const publicHost of ['relay', '127.0.0.1', '[::1]', 'a_b.relay.test'])
    assert.deepEqual(faultsOf({ publicHost }), [])
  for (const advertise of ['ws://a:80', 'wss://[::1]:8443/', 'wss://a']) assert.deepEqual(faultsOf({ advertise }), [])
  for (const advertise of ['https://a', 'wss://a:99999', 'wss://a b', 'wss://'])
    assert.deepEqual(faultsOf({ advertise }), ['advertise'])
})
