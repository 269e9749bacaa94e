@rem "npm start" begins with exec, so that signals to npm reach the relay and not a shell between; sh has it built in, cmd finds this.
@%*
