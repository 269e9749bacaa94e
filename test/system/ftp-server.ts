import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ServerInFolder, type ServerPlace } from './server-in-folder.ts'

/** Where an FTP server waits for the data connections of passive mode. */
export interface PassivePorts {
  readonly first: number
  readonly last: number
  /** The address that it tells its clients. */
  readonly address: string
}

/** A real FTP server for anonymous users, who see its folder `shared` and may put files into `incoming` there. */
export function startFtpServer(passive: PassivePorts): Promise<ServerInFolder> {
  return ServerInFolder.start({
    name: 'ftp',
    folders: ['shared', 'shared/incoming', 'empty'],
    prepare: (place) => {
      // Anonymous users are the system's user ftp, of whom nothing here is the property.
      chmodSync(place.folder, 0o755)
      chmodSync(join(place.folder, 'shared/incoming'), 0o777)
      const file = join(place.folder, 'vsftpd.conf')
      writeFileSync(file, configuration(place, passive))
      return { command: 'vsftpd', args: [file], ready: place.port }
    },
  })
}

function configuration({ folder, port }: ServerPlace, passive: PassivePorts): string {
  return `listen=YES
listen_address=127.0.0.1
listen_port=${port}
background=NO
anonymous_enable=YES
no_anon_password=YES
local_enable=NO
write_enable=YES
anon_upload_enable=YES
anon_umask=022
anon_root=${folder}/shared
secure_chroot_dir=${folder}/empty
seccomp_sandbox=NO
pasv_min_port=${passive.first}
pasv_max_port=${passive.last}
pasv_address=${passive.address}
xferlog_enable=NO
`
}
