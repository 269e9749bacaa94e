interface HopEntry {
  /** What a program ends with when this is the first hop that is broken. */
  readonly exitCode: number
  /** What is checked, for the documentation. */
  readonly checks: string
  /** What to do when nothing more exact is known. */
  readonly fix: string
}

/** The hops between a program and what it wants to reach, in order: the only place of their names and exit codes. */
export const hopTable = {
  configuration: {
    exitCode: 10,
    checks: 'options, connection string, state file; for `hcm` also whether the service runs',
    fix: 'Correct what is named; --help explains each option.',
  },
  'way-in': {
    exitCode: 11,
    checks: 'programs of this machine get to the connector when they open the name',
    fix: 'Choose a way in: postern connector run, --hosts, --dns or the Node hook.',
  },
  dns: {
    exitCode: 12,
    checks: 'the name of the relay, or of the proxy, has addresses',
    fix: 'Check the host in the connection string, and the resolver of this machine.',
  },
  tcp: {
    exitCode: 13,
    checks: 'relay or proxy accept a TCP connection',
    fix: 'Have the firewall let this machine out to that host and port; the relay needs no other.',
  },
  proxy: {
    exitCode: 14,
    checks: 'the proxy opens a tunnel to the relay',
    fix: 'Check --proxy or HTTPS_PROXY, and ask who runs the proxy to allow CONNECT to the relay.',
  },
  tls: {
    exitCode: 15,
    checks: 'the relay has a certificate for its name that is in date and from an authority that is trusted here',
    fix: 'Check port and certificate of the relay, and --tls-ca.',
  },
  upgrade: {
    exitCode: 16,
    checks: 'a WebSocket handshake reaches the relay as such',
    fix: 'Have WebSocket upgrades to the relay passed by whatever inspects HTTP on the way.',
  },
  clock: {
    exitCode: 17,
    checks: 'the clock of this machine and that of the relay agree',
    fix: 'Set the clock: timedatectl set-ntp true.',
  },
  token: {
    exitCode: 18,
    checks: 'the relay accepts the key or identity',
    fix: 'Check name and key of the authorization rule.',
  },
  entity: {
    exitCode: 19,
    checks: 'the hybrid connection exists',
    fix: 'Check the name of the hybrid connection, or create it.',
  },
  right: {
    exitCode: 20,
    checks: 'the key has the right that is needed: Listen for an agent, Send for a connector',
    fix: 'Use a rule that has the right, or give it to this one.',
  },
  'control-channel': {
    exitCode: 21,
    checks: 'the control channel of a listener opens, and stays open with answered pings',
    fix: 'Look for a firewall or proxy that cuts WebSockets, and in the log of the relay.',
  },
  listener: {
    exitCode: 22,
    checks: 'a listener is connected that serves the hybrid connection',
    fix: 'Start the Hybrid Connection Manager or bridge at the other end.',
  },
  rendezvous: {
    exitCode: 23,
    checks: 'a stream meets its listener at the relay',
    fix: 'Look in the log of the relay and of the listener for the tracking id.',
  },
  endpoint: {
    exitCode: 24,
    checks: 'the hybrid connection says which host:port it stands for',
    fix: 'Set the endpoint in the metadata of the hybrid connection.',
  },
  policy: {
    exitCode: 25,
    checks: 'this site allows that endpoint',
    fix: 'hcm policy allow HOST:PORT, or set the endpoint back.',
  },
  'target-dns': {
    exitCode: 26,
    checks: 'the name of the target has addresses, here',
    fix: 'Check the host of the endpoint and the resolver of this machine.',
  },
  'target-tcp': {
    exitCode: 27,
    checks: 'the target accepts a TCP connection from this machine',
    fix: 'Check that the service runs and that this machine may connect to it.',
  },
  'target-tls': {
    exitCode: 28,
    checks: 'a target on a port of TLS speaks it; its certificate',
    fix: 'Check the TLS settings of the service.',
  },
} as const satisfies Readonly<Record<string, HopEntry>>

/** One hop. */
export type Hop = keyof typeof hopTable
