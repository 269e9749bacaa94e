/** What is known about a system on which the namespaces could not be made. */
export interface NamespaceFacts {
  readonly platform: NodeJS.Platform
  readonly isRoot: boolean
  /** What is not on the path of the programs that are needed, and the Debian package of each. */
  readonly missingPrograms: Readonly<Record<string, string>>
  /** What /proc/self/ns says about the kernel. */
  readonly hasUserNamespaces: boolean
  /** user.max_user_namespaces; undefined where the kernel has no such setting, as with the next two. */
  readonly maxUserNamespaces: number | undefined
  /** kernel.unprivileged_userns_clone of Debian's kernels. */
  readonly unprivilegedClone: number | undefined
  /** kernel.apparmor_restrict_unprivileged_userns of Ubuntu's kernels. */
  readonly apparmorRestricts: number | undefined
  /** True when a filter of system calls is on this process, as in most containers. */
  readonly isFiltered: boolean
  /** What the programs said on standard error. */
  readonly said: string
}

/** Says in one or two sentences why, as far as it can be known, and what the administrator would change. */
export function whyNoNamespace(facts: NamespaceFacts): string {
  const said = facts.said.trim().replaceAll(/\s+/g, ' ')
  const missing = Object.entries(facts.missingPrograms)
  if (facts.platform !== 'linux') return 'This needs Linux.'
  if (missing.length > 0) {
    const programs = missing.map(([program]) => program).join(', ')
    return `Not on the path: ${programs}. On Debian: apt install ${[...new Set(missing.map(([, name]) => name))].join(' ')}`
  }
  if (/unrecognized option|invalid option|unknown option/i.test(said)) {
    return `unshare, nsenter and setpriv of util-linux 2.36 or newer are needed (${said}).`
  }
  if (/\/etc\/hosts: (?:mount point )?(?:does not exist|no such file)/i.test(said)) {
    return 'This system has no /etc/hosts that another file could be mounted over: create an empty one.'
  }
  return `${facts.isRoot ? whyNotAsRoot(facts) : whyNotAsUser(facts)}${said === '' ? '' : ` (${said})`}`
}

function whyNotAsRoot({ isFiltered }: NamespaceFacts): string {
  const place = isFiltered ? 'This container' : 'This system'
  return `${place} gives root no right to make namespaces: the capability CAP_SYS_ADMIN is missing, or a system call is filtered.`
}

function whyNotAsUser(facts: NamespaceFacts): string {
  if (!facts.hasUserNamespaces) return 'The kernel was built without user namespaces.'
  if (facts.maxUserNamespaces === 0) {
    return 'User namespaces are switched off: sysctl user.max_user_namespaces is 0.'
  }
  if (facts.unprivilegedClone === 0) {
    return 'User namespaces are for root only: sysctl kernel.unprivileged_userns_clone is 0.'
  }
  if (facts.apparmorRestricts === 1) {
    return 'AppArmor lets only confined programs use user namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns is 1.'
  }
  if (facts.isFiltered) {
    return 'A filter of system calls forbids user namespaces, as it does in most containers (Docker: --security-opt seccomp=...).'
  }
  return 'The system forbids user namespaces to this user, perhaps by a security module, a chroot or a limit.'
}
