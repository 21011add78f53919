/* A worker that only ticks: workers keep their pace in hidden tabs. */
self.onmessage = (event) => setInterval(() => self.postMessage(0), event.data);
