"""A throw-away certificate authority for scenarios, by the openssl command."""

import pathlib
import ssl
import subprocess


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr}")
    return done.stdout


class Authority:
    """Its certificate is `ca`; files lie in `folder`."""

    def __init__(self, folder, name="Test CA"):
        self.folder = pathlib.Path(folder) / name.replace(" ", "-")
        self.folder.mkdir()
        self.ca = self.folder / "ca.pem"
        (self.folder / "index.txt").touch()
        (self.folder / "serial").write_text("01")
        (self.folder / "ca.conf").write_text(
            "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\nserial = serial\n"
            "new_certs_dir = .\ndefault_md = sha256\npolicy = any\nunique_subject = no\n"
            "copy_extensions = copy\n[any]\ncommonName = supplied\n")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "3650", "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign",
                "-keyout", self.folder / "ca.key", "-out", self.ca)

    def issue(self, name, begin="20200101000000Z", end="20491231235959Z"):
        """(certificate, key) for that host name, valid from `begin` to `end`."""
        base = self.folder / f"{name}-{len(list(self.folder.iterdir()))}"
        pem, key, request = (f"{base}.{kind}" for kind in ("pem", "key", "csr"))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", key,
                "-out", request)
        subprocess.run(["openssl", "ca", "-batch", "-notext", "-config", "ca.conf", "-cert",
                        "ca.pem", "-keyfile", "ca.key", "-startdate", begin, "-enddate", end,
                        "-in", request, "-out", pem], cwd=self.folder, stdin=subprocess.DEVNULL,
                       capture_output=True, check=True)
        return pem, key


def pin(certificate):
    """What `pins` takes for the key of that certificate."""
    command = ("openssl x509 -in \"$1\" -noout -pubkey | openssl pkey -pubin -outform der | "
               "openssl dgst -sha256 -binary | openssl base64")
    done = subprocess.run(["sh", "-c", command, "sh", certificate], capture_output=True, text=True,
                          check=True)
    return "sha256/" + done.stdout.strip()


def server_context(files, authority=None, **versions):
    """`authority`: client certificates of it are asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    for name, version in versions.items():
        setattr(context, name, version)
    if authority:
        context.load_verify_locations(authority.ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
