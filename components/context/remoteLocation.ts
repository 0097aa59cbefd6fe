/** As docker-build distinguishes a remote context from a folder: Git, HTTP, or standard input. */
export function isRemoteLocation(location: string): boolean {
  const isUrl = /^(https?:\/\/|git:\/\/|ssh:\/\/|github\.com\/|docker-image:\/\/|oci-layout:\/\/)|^-$/.test(location);
  return isUrl || isScpLocation(location);
}

/**
 * Whether a location is `user@host:path`, as scp and Git have it. BuildKit also takes it without a user, which may be a folder
 * here.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/util/sshutil/scpurl.go
 */
export function isScpLocation(location: string): boolean {
  return /^[\w-]+@[a-z0-9.-]+:/i.test(location);
}
