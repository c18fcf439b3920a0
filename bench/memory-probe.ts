// Loaded into a gateway before its own code: answers over IPC how much memory is in use after a garbage collection.
process.on("message", () => {
  globalThis.gc?.();
  process.send?.(process.memoryUsage());
});
// A gateway that has been told to stop must not be held by this.
process.channel?.unref();
