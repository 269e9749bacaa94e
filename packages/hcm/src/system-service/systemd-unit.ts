/** Name of the service for systemd, and of its folder in /var/lib. */
export const unitName = 'postern-hcm.service'

/** Begins every unit of ours, whoever has put it there. */
const ownFirstLine = '# The Hybrid Connection Manager of Postern as a service of systemd. Made by: hcm service install'

/** Settings of {@link systemdUnit}. */
export interface SystemdUnitOptions {
  /** What `run` is appended to: `['/usr/bin/hcm']`, or `['/opt/postern/postern', 'hcm']`. */
  readonly program: readonly string[]
}

/**
 * The unit of the Hybrid Connection Manager: the only place of its text. It needs no user to be made: systemd gives it one
 * while it runs, and the folder of its state besides, where root finds its control socket.
 */
export function systemdUnit({ program }: SystemdUnitOptions): string {
  const command = [...program.map(quoted), 'run', '--state-dir', '%S/postern-hcm'].join(' ')
  return `${ownFirstLine}
# What it may is here; what it does is set in /etc/postern-hcm/environment: lines such as POSTERN_HCM_PROXY=http://proxy.corp:3128
[Unit]
Description=Postern Hybrid Connection Manager
Wants=network-online.target
After=network-online.target
# It is never given up: what was broken may be mended.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${command}
# Read by systemd: root alone need be able to read it.
EnvironmentFile=-/etc/postern-hcm/environment
Environment=NODE_ENV=production

# SIGTERM lets open streams go on for the drainTimeout (10 s); whoever is left after this time is killed.
KillMode=mixed
TimeoutStopSec=30
Restart=always
RestartSec=1
# From systemd 254 on, the older ones skip them: the more often it fails, the longer it waits, up to half a minute.
RestartSteps=5
RestartMaxDelaySec=30

# A user that is there while it runs. The folder is its own and survives it: /var/lib/postern-hcm, for root and nobody else.
DynamicUser=yes
User=postern-hcm
StateDirectory=postern-hcm
StateDirectoryMode=0700
UMask=0077

${limits}
[Install]
WantedBy=multi-user.target
`
}

/** What it may, which is next to nothing. */
const limits = `# A stream takes two file descriptors, a hybrid connection one.
LimitNOFILE=1048576

# It listens nowhere but at its control socket, and needs no right.
CapabilityBoundingSet=
NoNewPrivileges=yes

# V8 compiles to machine code at run time: with MemoryDenyWriteExecute=yes Node does not start.
MemoryDenyWriteExecute=no

ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectProc=invisible
ProcSubset=pid
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
# AF_UNIX: the control socket, and name services. AF_NETLINK: what networks there are.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
# Node tries some calls that the filter leaves out, and goes on without them when it may not.
SystemCallErrorNumber=EPERM
`

/** True for a unit that `hcm service install` or a package of ours has written. */
export function isOwnUnit(text: string): boolean {
  return text.startsWith(ownFirstLine)
}

/** systemd.syntax(7) and systemd.service(5): white space parts words, % and $ begin names. */
function quoted(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[^\s"'\\;]+$/.test(escaped) ? escaped : `"${escaped.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
