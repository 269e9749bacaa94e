import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { output } from './run-program.ts'
import { ServerInFolder, type ServerPlace } from './server-in-folder.ts'

/** Who may use the share. */
export const sambaUser = { name: 'nobody', password: 'opensesame' } as const

/** A real Samba with one share, `files`, which is its folder `shared`. */
export function startSambaServer(): Promise<ServerInFolder> {
  return ServerInFolder.start({
    name: 'samba',
    folders: ['shared', 'private', 'lock', 'state', 'cache', 'run', 'ncalrpc'],
    prepare: async (place) => {
      const file = join(place.folder, 'smb.conf')
      writeFileSync(file, configuration(place))
      const { name, password } = sambaUser
      await output('smbpasswd', ['-c', file, '-L', '-a', '-s', name], { input: `${password}\n${password}\n` })
      return {
        command: 'smbd',
        args: ['--foreground', `--configfile=${file}`, '--debug-stdout'],
        ready: place.port,
      }
    },
  })
}

function configuration({ folder, port }: ServerPlace): string {
  return `
[global]
server role = standalone server
interfaces = 127.0.0.1
bind interfaces only = yes
disable netbios = yes
smb ports = ${port}
load printers = no
disable spoolss = yes
passdb backend = smbpasswd:${folder}/private/smbpasswd
private dir = ${folder}/private
lock directory = ${folder}/lock
state directory = ${folder}/state
cache directory = ${folder}/cache
pid directory = ${folder}/run
ncalrpc dir = ${folder}/ncalrpc
[files]
path = ${folder}/shared
read only = no
force user = root
`
}
