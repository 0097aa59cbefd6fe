import undici from "undici";

/** What is asked, as the client is told. */
export interface Asked {
  url: URL;
  method: string;
  headers: Readonly<Record<string, string | undefined>>;
}

/** Has these answers given in place of those of registries, until what it returns is called. */
export function answering(answer: (asked: Asked) => Response): () => void {
  const client = undici as { request: unknown };
  const real = client.request;
  client.request = (url: URL, options: Omit<Asked, "url">) => {
    const response = answer({ url: new URL(url), method: options.method, headers: options.headers });
    return Promise.resolve({
      statusCode: response.status,
      headers: Object.fromEntries(response.headers),
      body: response,
    });
  };
  return () => {
    client.request = real;
  };
}
