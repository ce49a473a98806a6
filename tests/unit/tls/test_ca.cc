#include "tests/unit/tls/test_ca.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "common/tls/openssl.h"

namespace seawall::tls {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<&EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<&BIO_free_all>>;

KeyPtr make_key() { return KeyPtr(EVP_EC_gen("P-256")); }

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (!extension) throw std::runtime_error("extension: " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509Ptr make_certificate(const CertificateWishes& wishes, EVP_PKEY* key, long serial) {
  X509Ptr certificate(X509_new());
  X509* c = certificate.get();
  X509_set_version(c, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(c), serial);
  X509_gmtime_adj(X509_getm_notBefore(c), wishes.starts_in_seconds);
  X509_gmtime_adj(X509_getm_notAfter(c), wishes.ends_in_seconds);
  X509_set_pubkey(c, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wishes.common_name.c_str()), -1,
                             -1, 0);
  return certificate;
}

std::string to_pem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

std::string to_pem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

}  // namespace

struct TestCa::State {
  KeyPtr key = make_key();
  X509Ptr certificate;
};

TestCa::TestCa(const std::string& name) : state_(std::make_unique<State>()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "seawall-ca-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp");
  directory_ = pattern;
  state_->certificate = make_certificate({.common_name = name}, state_->key.get(), 1);
  X509* ca = state_->certificate.get();
  X509_set_issuer_name(ca, X509_get_subject_name(ca));
  add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(ca, ca, NID_subject_key_identifier, "hash");
  X509_sign(ca, state_->key.get(), EVP_sha256());
  ca_file_ = write_file("ca.pem", to_pem(ca));
}

TestCa::~TestCa() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

CertificateFiles TestCa::issue(const CertificateWishes& wishes) {
  const std::string number = std::to_string(++issued_);
  const KeyPtr key = make_key();
  const X509Ptr certificate = make_certificate(wishes, key.get(), 100 + issued_);
  X509* c = certificate.get();
  X509* ca = state_->certificate.get();
  X509_set_issuer_name(c, X509_get_subject_name(ca));
  std::string alternatives;
  for (const std::string& name : wishes.names) alternatives += ",DNS:" + name;
  for (const std::string& address : wishes.addresses) alternatives += ",IP:" + address;
  if (!alternatives.empty()) add_extension(c, ca, NID_subject_alt_name, alternatives.substr(1));
  X509_sign(c, state_->key.get(), EVP_sha256());
  return {.certificate = write_file(number + ".pem", to_pem(c)),
          .key = write_file(number + ".key", to_pem(key.get()))};
}

std::string TestCa::write_file(const std::string& name, const std::string& content) {
  const std::string path = directory_ + "/" + name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

}  // namespace seawall::tls
