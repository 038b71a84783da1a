# One image for proxy and custodian. It was not built where it was written: there is no container engine there.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends npm ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/treuhand
COPY package.json package-lock.json ./
RUN npm ci --omit=dev
COPY . .
RUN useradd --system --home-dir /var/lib/treuhand --create-home treuhand && \
    install -d -o treuhand -m 0700 node_modules/.cache/treuhand
USER treuhand
ENTRYPOINT ["node", "bin/treuhand.js"]
