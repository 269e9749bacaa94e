import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ServerInFolder, type ServerPlace } from './server-in-folder.ts'

/** A real NFSv4 server in user space with one export, `/files`, which is its folder `shared`. */
export function startNfsServer(): Promise<ServerInFolder> {
  return ServerInFolder.start({
    name: 'nfs',
    folders: ['shared', 'recovery'],
    prepare: (place) => {
      const file = join(place.folder, 'ganesha.conf')
      writeFileSync(file, configuration(place))
      return {
        command: 'ganesha.nfsd',
        args: ['-F', '-f', file, '-p', join(place.folder, 'pid'), '-L', '/dev/stdout'],
        ready: /NFS SERVER INITIALIZED/,
      }
    },
  })
}

function configuration({ folder, port }: ServerPlace): string {
  return `
NFS_CORE_PARAM {
  NFS_Port = ${port};
  Protocols = 4;
  Bind_addr = 127.0.0.1;
  Enable_NLM = false;
  Enable_RQUOTA = false;
  NSM_Use_Caller_Name = false;
}
NFSV4 { Graceless = true; RecoveryBackend = fs; RecoveryRoot = ${folder}/recovery; }
EXPORT_DEFAULTS { Protocols = 4; Transports = TCP; SecType = sys; Access_Type = RW; Squash = No_Root_Squash; }
EXPORT { Export_Id = 1; Path = ${folder}/shared; Pseudo = /files; FSAL { Name = VFS; } }
LOG { Default_Log_Level = EVENT; }
`
}
