/** A program with its arguments. */
export type Command = readonly [program: string, ...args: string[]]

/** What the private namespaces are to be. */
export interface NamespacePlan {
  /** Without root, a user namespace gives the right to mount. The user id stays as it is. */
  readonly userNamespace: boolean
  /** A network of its own, with nothing but a loopback interface. */
  readonly ownNetwork: boolean
}

/** What happens inside before the holder runs. */
export interface HolderSetup {
  /** Is mounted over /etc/hosts. */
  readonly hostsFile: string
  /** Folders whose content is hidden: sockets of daemons that answer names from outside. */
  readonly hiddenFolders: readonly string[]
  /** Keeps the namespaces until it ends. */
  readonly holder: Command
}

/** The line on standard output that says that everything is mounted. */
export const mountedLine = 'mounted'

/**
 * The command that makes the namespaces and keeps them.
 *
 * The user keeps its id and gets, inside only, the capabilities to mount and to set up the network: they are ambient, so that
 * the programs of the script have them too.
 */
export function holderCommand(plan: NamespacePlan, setup: HolderSetup): Command {
  const steps = ['mount --bind "$1" /etc/hosts', 'shift']
  if (plan.ownNetwork) steps.push('ip link set lo up')
  steps.push('while [ "$1" != -- ]; do mount -t tmpfs none "$1"; shift; done', 'shift')
  steps.push(`echo ${mountedLine}`, 'exec "$@"')
  return [
    'unshare',
    '--mount',
    ...(plan.ownNetwork ? ['--net'] : []),
    ...(plan.userNamespace ? ['--user', '--map-current-user', '--keep-caps'] : []),
    'sh',
    '-ec',
    steps.join('; '),
    'sh',
    setup.hostsFile,
    ...setup.hiddenFolders,
    '--',
    ...setup.holder,
  ]
}

/**
 * The command that runs a program in the namespaces of a holder, in the working folder of the holder.
 *
 * In a user namespace the program has no capability and cannot get one, by a set-user-ID program or otherwise; root stays what
 * it was. It is told to end when its parent dies, since nobody serves its endpoints then.
 */
export function programCommand(plan: NamespacePlan, holderPid: number, program: Command): Command {
  const drop = ['--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all', '--no-new-privs']
  return [
    'nsenter',
    '--target',
    String(holderPid),
    '--mount',
    '--wd',
    ...(plan.ownNetwork ? ['--net'] : []),
    ...(plan.userNamespace ? ['--user', '--preserve-credentials'] : []),
    'setpriv',
    '--pdeathsig',
    'TERM',
    ...(plan.userNamespace ? drop : []),
    '--',
    ...program,
  ]
}
