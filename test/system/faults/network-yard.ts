import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { missingPrograms, output, runProgram } from '../run-program.ts'
import { SlowLink } from './slow-link.ts'

/** How a place is joined to the relay. */
export interface PlaceOptions {
  /** Packets take this long in each direction; default: a wire that takes no time. */
  readonly delayMs?: number
  /** Names that only this place knows, of services on its own machine. */
  readonly services?: readonly string[]
}

/** Where a place's address and the relay's addresses towards it are. */
interface Place {
  readonly namespace: string
  readonly subnet: string
  /** The relay's device that leads here. */
  readonly relayEnd: string
  readonly link: SlowLink | undefined
  readonly services: readonly string[]
}

/** The relay's usual address in the subnet of a place, another one that it may move to, and the place's own ones. */
const hosts = { relay: 1, relayMoved: 9, place: 2, placeMoved: 3 } as const

/** Which address of the relay a name shall mean. */
export type RelayAddress = 'relay' | 'relayMoved'

/** What names a place knows, where they are kept, and that nobody else is asked. */
const namespacesFolder = '/etc/netns'

/**
 * Networks of their own for programs under test: one for the relay, and one for each place, joined to the relay's by a link that
 * a test can cut, silence, slow down and make lossy. Nothing is seen of it outside. It takes root.
 */
export class NetworkYard implements AsyncDisposable {
  readonly #relay: string
  readonly #places = new Map<string, Place>()

  private constructor(relay: string) {
    this.#relay = relay
  }

  /** Makes the networks of these places, and the relay's. */
  static async open(places: Readonly<Record<string, PlaceOptions>>): Promise<NetworkYard> {
    const id = `postern-${randomBytes(3).toString('hex')}`
    const yard = new NetworkYard(`${id}-relay`)
    try {
      await yard.#makeNamespace(yard.#relay)
      for (const [name, options] of Object.entries(places)) await yard.#makePlace(name, `${id}-${name}`, options)
      await yard.resolve({ 'relay.test': 'relay' })
      return yard
    } catch (error) {
      await yard[Symbol.asyncDispose]()
      throw error
    }
  }

  /** What comes before a command that is to run in a place. */
  enter(place: string): readonly string[] {
    return ['ip', 'netns', 'exec', this.#namespaceOf(place)]
  }

  /** Says in all places which of the relay's addresses names mean from now on. */
  async resolve(names: Readonly<Record<string, RelayAddress>>): Promise<void> {
    for (const { namespace, subnet, services } of this.#places.values()) {
      const lines = Object.entries(names).map(([name, at]) => `${subnet}.${hosts[at]} ${name}`)
      // Written in place: programs that run see this very file.
      await writeFile(
        join(namespacesFolder, namespace, 'hosts'),
        `127.0.0.1 localhost ${services.join(' ')}\n${lines.join('\n')}\n`,
      )
    }
  }

  /** Lets every packet between a place and one address of the relay, or all of them, vanish without a word. */
  async silence(place: string, address?: RelayAddress): Promise<void> {
    const { subnet } = this.#place(place)
    const other = address === undefined ? undefined : `${subnet}.${hosts[address]}`
    await this.#filter(place, {
      atPlace: other === undefined ? 'drop' : `ip saddr ${other} drop`,
      atRelay: other === undefined ? 'drop' : `ip daddr ${other} drop`,
    })
  }

  /** Lets so many percent of the packets to and from a place vanish, by chance. */
  async lose(place: string, percent: number): Promise<void> {
    const rule = `numgen random mod 1000 < ${Math.round(percent * 10)} drop`
    await this.#filter(place, { atPlace: rule, atRelay: rule })
  }

  /** Packets pass again. */
  async hear(place: string): Promise<void> {
    await this.#filter(place, { atPlace: 'accept', atRelay: 'accept' })
  }

  /** Pulls or plugs the cable of a place. */
  async link(place: string, state: 'up' | 'down'): Promise<void> {
    await this.#in(place, 'ip', 'link', 'set', 'uplink', state)
  }

  /** Gives a place another address, as another network does. */
  async readdress(place: string): Promise<void> {
    const { subnet } = this.#place(place)
    await this.#in(place, 'ip', 'address', 'del', `${subnet}.${hosts.place}/24`, 'dev', 'uplink')
    await this.#in(place, 'ip', 'address', 'add', `${subnet}.${hosts.placeMoved}/24`, 'dev', 'uplink')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { link } of this.#places.values()) await link?.[Symbol.asyncDispose]()
    for (const namespace of [...this.#places.values()].map((place) => place.namespace).concat(this.#relay)) {
      await runProgram('ip', ['netns', 'delete', namespace])
      await rm(join(namespacesFolder, namespace), { recursive: true, force: true })
    }
  }

  async #makePlace(name: string, namespace: string, options: PlaceOptions): Promise<void> {
    const { delayMs, services = [] } = options
    const number = this.#places.size + 1
    const subnet = `10.211.${number}`
    const relayEnd = `to${number}`
    await this.#makeNamespace(namespace)
    this.#places.set(name, { namespace, subnet, relayEnd, link: undefined, services })
    if (delayMs === undefined) {
      const peer = ['peer', 'name', 'uplink', 'netns', namespace]
      await output('ip', ['-n', this.#relay, 'link', 'add', relayEnd, 'type', 'veth', ...peer])
    } else {
      const link = await SlowLink.start({ enter: this.enter('relay'), ends: [relayEnd, 'uplink'], delayMs })
      this.#places.set(name, { namespace, subnet, relayEnd, link, services })
      await output('ip', ['-n', this.#relay, 'link', 'set', 'uplink', 'netns', namespace])
    }
    await this.#in('relay', 'ip', 'address', 'add', `${subnet}.${hosts.relay}/24`, 'dev', relayEnd)
    await this.#in('relay', 'ip', 'address', 'add', `${subnet}.${hosts.relayMoved}/24`, 'dev', relayEnd)
    await this.#in('relay', 'ip', 'link', 'set', relayEnd, 'up')
    await this.#in(name, 'ip', 'address', 'add', `${subnet}.${hosts.place}/24`, 'dev', 'uplink')
    await this.link(name, 'up')
  }

  async #makeNamespace(namespace: string): Promise<void> {
    const folder = join(namespacesFolder, namespace)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'hosts'), '127.0.0.1 localhost\n')
    await writeFile(join(folder, 'nsswitch.conf'), 'hosts: files\n')
    await output('ip', ['netns', 'add', namespace])
    await output('ip', ['-n', namespace, 'link', 'set', 'lo', 'up'])
  }

  /** Packets vanish where they arrive: a sender whose own machine refuses them would be told so. */
  async #filter(place: string, rules: { readonly atPlace: string; readonly atRelay: string }): Promise<void> {
    const { relayEnd } = this.#place(place)
    await this.#in(place, 'nft', ruleset('uplink', rules.atPlace))
    await this.#in('relay', 'nft', ruleset(relayEnd, rules.atRelay))
  }

  async #in(place: string, ...words: readonly string[]): Promise<void> {
    const [command = '', ...args] = [...this.enter(place), ...words]
    await output(command, args)
  }

  #namespaceOf(place: string): string {
    return place === 'relay' ? this.#relay : this.#place(place).namespace
  }

  #place(name: string): Place {
    const place = this.#places.get(name)
    if (!place) throw new Error(`no place ${name} in the yard`)
    return place
  }
}

/** Why no yard can be made here, as `skip` wants it; in CI that is a failure. */
export function whyNoNetworkYard(): string | false {
  const missing = missingPrograms({ ip: 'iproute2', nft: 'nftables', python3: 'python3' })
  const isForbidden = !missing && spawnSync('unshare', ['-n', 'true']).status !== 0
  if (isForbidden && process.env['CI'] === 'true') throw new Error('the right to make network namespaces is missing')
  return missing || (isForbidden && 'NOT TESTED: networks of their own need root')
}

/** A table of one device with one rule, in the place of the one before. */
function ruleset(device: string, rule: string): string {
  const table = `table inet ${device}`
  const chain = `chain arriving { type filter hook input priority 0; iifname ${device} ${rule}; }`
  return `add ${table}; delete ${table}; ${table} { ${chain}; }`
}
