export const handler = () => Promise.resolve({ architecture: process.arch });
