/** The body of a request or response of our own, read as the platform reads it: from one of its own, made for who asks. */
export abstract class WebBody<Web extends Body> implements Body {
  /** The same as one of the platform's. */
  abstract get web(): Web;

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.web.body;
  }
  get bodyUsed(): boolean {
    return this.web.bodyUsed;
  }
  arrayBuffer(): Promise<ArrayBuffer> {
    return this.web.arrayBuffer();
  }
  blob(): Promise<Blob> {
    return this.web.blob();
  }
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.web.bytes();
  }
  formData(): Promise<FormData> {
    return this.web.formData();
  }
  json(): Promise<unknown> {
    return this.web.json();
  }
  text(): Promise<string> {
    return this.web.text();
  }
}
