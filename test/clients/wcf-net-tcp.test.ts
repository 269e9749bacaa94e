// NetTcpBinding of Mono's WCF, service and client, through relay and bridge as plain bytes.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Bridge, type BridgeOptions } from '@postern/bridge'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { freePort } from '../system/free-port.ts'
import { missingPrograms, output } from '../system/run-program.ts'
import { TcpCapture } from './tcp-capture.ts'
import { noWcf, type WcfBinding, WcfPrograms, type WcfService } from './wcf-programs.ts'

const noTshark = missingPrograms({ tshark: 'tshark' })

/** A local port for clients, and services behind it. */
interface Way extends AsyncDisposable {
  /** What clients dial, and the address of every service. */
  readonly address: string
  /** Starts a service. @returns the port where it listens */
  serve(name: string): Promise<{ readonly service: WcfService; readonly port: number }>
  /** Lets a bridge listen for a service. */
  lead(port: number): Promise<Bridge>
}

describe('NetTcpBinding through the bridge', { skip: noWcf }, () => {
  let programs: WcfPrograms
  let relay: TestRelay

  before(async () => {
    programs = await WcfPrograms.compile()
    relay = await startTestRelay({ options: { tls: 'off' } })
  })

  after(async () => {
    await programs[Symbol.asyncDispose]()
    await relay[Symbol.asyncDispose]()
  })

  async function openWay(binding: WcfBinding, carriers: 'auto' | 'off' = 'auto'): Promise<Way> {
    const { listen, send } = relay.access()
    const bridges: Bridge[] = []
    const start = async (options: Omit<BridgeOptions, 'relay'>, connectionString: string): Promise<Bridge> => {
      const bridge = new Bridge({ ...options, carriers, relay: { connectionString, tls: false } })
      bridges.push(bridge)
      await bridge.start()
      return bridge
    }
    const sender = await start({ localForwards: ['127.0.0.1:0:echo'] }, send)
    const address = `net.tcp://localhost:${sender.status[0]?.addresses?.[0]?.split(':').at(-1)}/calls`
    return {
      address,
      async serve(name) {
        const port = await freePort()
        const listenUri = `net.tcp://localhost:${port}/calls`
        return { service: await programs.service(name, { binding, address, listenUri }), port }
      },
      async lead(port) {
        const bridge = await start({ remoteForwards: [`echo:127.0.0.1:${port}`] }, listen)
        await bridge.online(AbortSignal.timeout(10_000))
        return bridge
      },
      async [Symbol.asyncDispose]() {
        for (const bridge of bridges) await bridge.stop({ graceMs: 0 })
      },
    }
  }

  it('carries request and reply, small and of 1 MB, one-way calls and faults over one session', async () => {
    await using way = await openWay('tcp')
    const { service, port } = await way.serve('a')
    await way.lead(port)
    const printed = await programs.call('tcp', way.address, 'echo=hello', 'size=1048576', 'note=one way', 'fail=this')
    assert.deepEqual(printed, ['a:hello', String(1_048_576 + 'a:'.length), 'fault: a refuses this (detail of this)'])
    assert.equal(await service.next(), 'note one way')
  })

  it('carries the callbacks of a duplex service', async () => {
    await using way = await openWay('duplex')
    await way.lead((await way.serve('a')).port)
    const printed = await programs.call('duplex', way.address, 'watch=3', 'echo=after')
    assert.deepEqual(printed, ['tick a:1', 'tick a:2', 'tick a:3', 'watched 3', 'a:after'])
  })

  it('leads sessions to either of two listeners, to the one that is left, and to one that is back', async () => {
    await using way = await openWay('tcp', 'off')
    const echo = (): Promise<readonly string[]> => programs.call('tcp', way.address, 'echo=x')
    const [a, b] = await Promise.all([way.serve('a'), way.serve('b')])
    const first = await way.lead(a.port)
    const second = await way.lead(b.port)
    const served = new Set<string>()
    // Any of them with equal chance: eleven in a row lead to the same one in one run of a thousand.
    for (let calls = 0; calls < 11 && served.size < 2; calls += 1) served.add((await echo()).join())
    assert.deepEqual([...served].toSorted(), ['a:x', 'b:x'])
    await first.stop({ graceMs: 0 })
    assert.deepEqual(await echo(), ['b:x'])
    await second.stop({ graceMs: 0 })
    await way.lead(a.port)
    assert.deepEqual(await echo(), ['a:x'])
  })

  it('is MC-NMF to the dissector of Wireshark where it leaves the relay', { skip: noTshark }, async () => {
    await using way = await openWay('tcp')
    const { port } = await way.serve('a')
    await using capture = await TcpCapture.open(port)
    await way.lead(capture.port)
    await programs.call('tcp', way.address, 'echo=hello', 'size=20000')
    const client = await dissect(capture, `tcp.dstport == ${port}`)
    const preamble = [record.version, record.mode, record.via, record.knownEncoding, record.preambleEnd]
    assert.equal(client.records, [...preamble, record.sizedEnvelope, record.sizedEnvelope, record.end].join())
    assert.deepEqual([client.via, client.mode, client.encoding], [way.address, duplex, binaryWithDictionary])
    const [small = 0, large = 0] = client.envelopeBytes.split(',').map(Number)
    assert.ok(small < 1_000 && large > 20_000 && large < 21_000, `${small}, ${large}`)
    const service = await dissect(capture, `tcp.srcport == ${port}`)
    assert.equal(service.records, [record.preambleAck, record.sizedEnvelope, record.sizedEnvelope].join())
  })
})

/** [MC-NMF] 2.2.1 and 2.2.3. */
const record = {
  version: 0,
  mode: 1,
  via: 2,
  knownEncoding: 3,
  sizedEnvelope: 6,
  end: 7,
  preambleAck: 11,
  preambleEnd: 12,
}
const [duplex, binaryWithDictionary] = ['2', '8']

/** What tshark reads in one direction: the values of each field in their order, separated by commas. */
async function dissect(capture: TcpCapture, filter: string) {
  const fields = ['record_type', 'via', 'mode', 'known_encoding', 'payload_length'].map((name) => `mc-nmf.${name}`)
  const folder = mkdtempSync(join(tmpdir(), 'postern-capture-'))
  try {
    const file = join(folder, 'net-tcp.pcap')
    writeFileSync(file, capture.toPcap())
    const decode = ['-d', `tcp.port==${capture.port},mc-nmf`, '-Y', `mc-nmf && ${filter}`]
    const wanted = ['-T', 'fields', ...fields.flatMap((field) => ['-e', field])]
    const lines = (await output('tshark', ['-r', file, ...decode, ...wanted]))
      .split('\n')
      .map((line) => line.split('\t'))
    // Compared as text, and short: a stream that is read wrongly has a record for every byte.
    const [records = '', via, mode, encoding, envelopeBytes = ''] = fields.map((_, at) =>
      lines
        .map((line) => line[at] ?? '')
        .filter(Boolean)
        .join()
        .slice(0, 200),
    )
    return { records, via, mode, encoding, envelopeBytes }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
