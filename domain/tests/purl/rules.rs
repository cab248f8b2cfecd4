//! One example a rule.

use domain::purl::{PackageUrl, Purl};

fn id(text: &str) -> String {
    Purl::parse(text).unwrap().id
}

fn refused(text: &str) -> String {
    Purl::parse(text).unwrap_err().to_string()
}

#[test]
fn case_is_kept_or_not_by_type() {
    for (given, expected) in [
        ("PKG:ALPM/ARCH/PACMAN@6", "pkg:alpm/arch/pacman"),
        ("pkg:apk/Alpine/CURL", "pkg:apk/alpine/curl"),
        ("pkg:bitbucket/O/R", "pkg:bitbucket/o/r"),
        ("pkg:bitnami/WordPress", "pkg:bitnami/wordpress"),
        ("pkg:brew/Homebrew/Core/SQLite", "pkg:brew/homebrew/core/sqlite"),
        ("pkg:cargo/Inflector", "pkg:cargo/Inflector"),
        (
            "pkg:chrome-extension/DLPNGALGNEFJEIEFHMPKLPFIOHADPGLK@1.2",
            "pkg:chrome-extension/dlpngalgnefjeiefhmpklpfiohadpglk",
        ),
        ("pkg:cocoapods/AFNetworking", "pkg:cocoapods/AFNetworking"),
        ("pkg:composer/Laravel/Framework", "pkg:composer/laravel/framework"),
        ("pkg:conan/Open/SSL", "pkg:conan/Open/SSL"),
        ("pkg:cpan/gdt/URI-PackageURL", "pkg:cpan/GDT/URI-PackageURL"),
        ("pkg:cpan/DateTime@1", "pkg:cpan/DateTime"),
        ("pkg:deb/Debian/Curl", "pkg:deb/debian/curl"),
        ("pkg:git/Host/O/R.git", "pkg:git/Host/O/R.git"),
        ("pkg:githubactions/Actions/Checkout@v4", "pkg:githubactions/actions/checkout"),
        ("pkg:gitlab/GNOME/Gtk", "pkg:gitlab/gnome/gtk"),
        ("pkg:golang/github.com/BurntSushi/TOML@v1", "pkg:golang/github.com/burntsushi/toml"),
        ("pkg:golang/stdlib@1.22", "pkg:golang/stdlib"),
        ("pkg:hackage/AC_HalfInteger", "pkg:hackage/AC-HalfInteger"),
        ("pkg:hex/Acme/Foo", "pkg:hex/acme/foo"),
        ("pkg:huggingface/EleutherAI/gpt-neo-1.3B", "pkg:huggingface/EleutherAI/gpt-neo-1.3B"),
        ("pkg:luarocks/Hisham/LuaFileSystem", "pkg:luarocks/hisham/luafilesystem"),
        ("pkg:maven/HTTPClient/HTTPClient", "pkg:maven/HTTPClient/HTTPClient"),
        ("pkg:mlflow/A?repository_url=https://X.AzureDatabricks.net", "pkg:mlflow/a"),
        ("pkg:mlflow/A?repository_url=https://x.azureml.ms", "pkg:mlflow/A"),
        ("pkg:npm/JSONStream", "pkg:npm/JSONStream"),
        ("pkg:npm/%40Scope/Name", "pkg:npm/%40Scope/Name"),
        ("pkg:nuget/Newtonsoft.Json", "pkg:nuget/Newtonsoft.Json"),
        ("pkg:oci/Debian@SHA256:AB", "pkg:oci/debian"),
        ("pkg:otp/STDLIB", "pkg:otp/stdlib"),
        ("pkg:pub/Flutter-Web.x", "pkg:pub/flutter_web_x"),
        ("pkg:pypi/Zope.__-.Interface", "pkg:pypi/zope-interface"),
        ("pkg:qpkg/BlackBerry/com.qnx.SDP", "pkg:qpkg/blackberry/com.qnx.SDP"),
        ("pkg:rpm/Fedora/ImageMagick", "pkg:rpm/fedora/ImageMagick"),
        ("pkg:swift/github.com/Alamofire/Alamofire", "pkg:swift/github.com/Alamofire/Alamofire"),
        ("pkg:vscode-extension/MS-Python/Python", "pkg:vscode-extension/ms-python/python"),
        ("pkg:yocto/Core/Glibc", "pkg:yocto/core/Glibc"),
        ("pkg:NOBODY-S/A/B", "pkg:nobody-s/A/B"),
    ] {
        assert_eq!(id(given), expected, "{given}");
        assert_eq!(id(expected.split('?').next().unwrap()), expected);
    }
    let version = |text: &str| Purl::parse(text).unwrap().version.unwrap();
    assert_eq!(version("pkg:huggingface/a/b@ABC"), "abc");
    assert_eq!(version("pkg:oci/a@SHA256:ABC"), "sha256:abc");
    assert_eq!(version("pkg:npm/a@1.0-RC.1"), "1.0-RC.1");
}

#[test]
fn slashes_and_signs_are_read_as_the_specification_has_it() {
    for (given, expected) in [
        ("PKG:npm/left-pad@1.0.0", "pkg:npm/left-pad@1.0.0"),
        ("pkg:npm/right-pad/@1.0.0", "pkg:npm/right-pad@1.0.0"),
        ("pkg:npm/right-pad/", "pkg:npm/right-pad"),
        ("pkg:///npm//@a///b@1", "pkg:npm/%40a/b@1"),
        ("pkg:opam/git@3/16.1", "pkg:opam/git@3%2F16.1"),
        ("pkg:github/o/r@feature/x", "pkg:github/o/r@feature%2Fx"),
        ("pkg:brew/node@20@20.1", "pkg:brew/node%4020@20.1"),
        ("pkg:generic/a(b)!c'd*e,f$g&h@1", "pkg:generic/a%28b%29%21c%27d%2Ae%2Cf%24g%26h@1"),
        ("pkg:generic/a%7Eb%3Ac", "pkg:generic/a~b:c"),
        ("pkg:generic/50%25%zz", "pkg:generic/50%25%25zz"),
        ("pkg:generic/ü", "pkg:generic/%C3%BC"),
        ("pkg:generic/x?b=2&a=x/y&c=#/s//./t u/", "pkg:generic/x?a=x%2Fy&b=2#s/t%20u"),
    ] {
        assert_eq!(PackageUrl::parse(given).unwrap().to_string(), expected, "{given}");
        assert_eq!(Purl::parse(given).unwrap().id, expected.split(['@', '?']).next().unwrap(), "{given}");
    }
}

#[test]
fn what_a_definition_forbids_is_refused_by_name() {
    for (given, says) in [
        ("npm/x", "does not begin with `pkg:`"),
        ("pkg:npm", "a type, a slash and a name follow"),
        ("pkg:npm/", "the name is missing"),
        ("pkg:npm/@1", "the name is missing"),
        ("pkg:3npm/x", "begins with a digit"),
        ("pkg:npm/x?a%20b=1", "a qualifier has other characters"),
        ("pkg:npm/%FF", "no UTF-8"),
        ("pkg:npm/a%2Fb/c", "an encoded slash"),
        ("pkg:maven/junit", "maven needs a namespace"),
        ("pkg:cargo/a/b", "cargo has no namespaces"),
        ("pkg:julia/Dates", "julia needs the qualifier uuid"),
        ("pkg:swid/Fedora@29", "swid needs the qualifier tag_id"),
        ("pkg:swid/a/b/c/d?tag_id=x", "two segments at most"),
        ("pkg:swift/github.com/Alamofire/@5", "the name is missing"),
        ("pkg:chrome-extension/dogs", "32 letters from a to p"),
        ("pkg:chrome-extension/dlpngalgnefjeiefhmpklpfiohadpglk@1.2.3.4.5", "one to four numbers"),
        ("pkg:cocoapods/a+b", "neither plus nor blank"),
        ("pkg:cpan/URI::PackageURL", "the name of a distribution"),
    ] {
        let said = refused(given);
        assert!(said.contains(says), "{given}: {said}");
    }
}
