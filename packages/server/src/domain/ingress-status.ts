/** What this node has made of the ingress entries, for whoever is asked about them. */
export class IngressStatus {
  #problems: ReadonlyMap<string, string> = new Map()
  #ports: ReadonlyMap<string, number> = new Map()
  #settled: Promise<void> = Promise.resolve()

  /** Why an entry is not open; undefined when it is. */
  problemOf(namespace: string, name: string): string | undefined {
    return this.#problems.get(ingressKey(namespace, name))
  }

  /** The port that an entry has, which is another one than it asks for where that is 0; undefined while it is not open. */
  portOf(namespace: string, name: string): number | undefined {
    return this.#ports.get(ingressKey(namespace, name))
  }

  /** Resolves when the changes up to now have been tried. Never rejects. */
  settled(): Promise<void> {
    return this.#settled
  }

  /** A change is under way. */
  follow(change: Promise<void>): void {
    this.#settled = change
  }

  /** What is wrong now, by {@link ingressKey}. */
  replace(problems: ReadonlyMap<string, string>): void {
    this.#problems = problems
  }

  /** What is open now, by {@link ingressKey}. */
  replacePorts(ports: ReadonlyMap<string, number>): void {
    this.#ports = ports
  }
}

/** Tells entries of all namespaces apart. */
export function ingressKey(namespace: string, name: string): string {
  return `${namespace}/${name}`.toLowerCase()
}
