/** What a registry is asked with. */
export interface Credential {
  username: string;
  password: string;
}

/** An entry of docker-build's `registries`, resolved. */
export interface RegistryLogin {
  address: string;
  username?: string;
  password?: string;
}
